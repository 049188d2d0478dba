// Finds an interpreter on this host. No shell is asked.
import path from "node:path";
import { isExecutable } from "../session/account.ts";

/** Absolute path, or null when this host has none. A host without node gets the one this agent runs on. */
export function findInterpreter(interpreter: string, searchPath: string): string | null {
  for (const directory of searchPath.split(":")) {
    const candidate = path.join(directory, interpreter);
    if (path.isAbsolute(directory) && isExecutable(candidate)) return candidate;
  }
  return interpreter === "node" ? process.execPath : null;
}
