// What a whole-system test needs of the machine, as words for its name when it must be skipped.
import { existsSync } from "node:fs";
import path from "node:path";
import { describe } from "vitest";
import { chromiumPath } from "../src/system/browser.ts";

const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
const isThere = (program: string) =>
  program.startsWith("/") ? existsSync(program) : folders.some((folder) => existsSync(path.join(folder, program)));

/** `chromium` in any of its places, `root` for an effective uid of 0, otherwise a program's name or path. */
export function lacking(...needs: string[]): string[] {
  return needs.filter((need) =>
    need === "chromium" ? chromiumPath === undefined : need === "root" ? process.getuid?.() !== 0 : !isThere(need),
  );
}

/** A describe that skips itself where something is missing and says in its name what. */
export function describeWith(needs: string[], name: string, body: () => void): void {
  const missing = lacking(...needs);
  describe.skipIf(missing.length > 0)(missing.length === 0 ? name : `${name} [this machine lacks ${missing.join(", ")}]`, body);
}
