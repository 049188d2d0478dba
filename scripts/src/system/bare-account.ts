// The account that runs a test, without the files that its shells read when they start: what is in somebody's home is no part of a test.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Words that give what follows a root account with an empty home and a plain shell: a person's own login profile may take seconds and
 * locks, twenty at once. Only root can; others measure with their profile.
 */
export function bareAccount(folder: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const home = path.join(folder, "home");
  const passwd = path.join(folder, "passwd");
  mkdirSync(home, { recursive: true });
  const others = readFileSync("/etc/passwd", "utf8").replace(/^root:.*$/m, `root:x:0:0:root:${home}:/bin/bash`);
  writeFileSync(passwd, others);
  return ["unshare", "--mount", "--", "sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', passwd];
}
