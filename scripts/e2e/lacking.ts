// What a whole-system test or a fault needs of the machine, and what of it is not there.
import { existsSync } from "node:fs";
import path from "node:path";
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
