// Rules of single files: what input.ts may import, who may use a library, who may read the environment.

import type { SourceFile } from "./read-source.ts";
import type { Target } from "./resolve.ts";
import { roomOf } from "./room-law.ts";

/** The only user of each of these libraries; anything else talks to that folder instead. */
const homes: Record<string, string> = { mqtt: "agent/src/link/", aedes: "hub/src/broker/" };

/** Null when allowed, otherwise why not and what to do. */
export function breaksFileLaw(file: string, target: Target): string | null {
  if (target.kind === "package") {
    const home = homes[target.name];
    if (home !== undefined && !file.startsWith(home))
      return `only ${home} may use ${target.name}; ask it through a function of that folder`;
  }
  if (roomOf(file) !== null && file.endsWith("/input.ts") && !inputMayImport(target)) {
    return "input.ts is shared with the browser; it may import zod, other input.ts and @sallyport/protocol/limits only";
  }
  return null;
}

function inputMayImport(target: Target): boolean {
  if (target.kind === "package") return target.name === "zod";
  if (target.kind === "ours") return target.workspace === "protocol" && target.subpath === "limits";
  return target.file.endsWith("/input.ts");
}

/** Lines that read the environment in a program's file that is not its config.ts. */
export function environmentViolations({ file, environmentReads }: SourceFile): number[] {
  const program = /^(protocol|agent|hub|web)\/src\//.test(file);
  return program && !file.endsWith("/config.ts") ? environmentReads : [];
}
