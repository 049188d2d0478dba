// Finds an interpreter on this host, and names the file it is given. No shell is asked.
import path from "node:path";
import { isExecutable } from "../session/account.ts";

/** What a script's file is called: PowerShell runs none that does not end so. */
const scriptFiles = ["script", "script.ps1"] as const;
export type ScriptFile = (typeof scriptFiles)[number];

export const scriptFileFor = (interpreter: string): ScriptFile => (interpreter === "pwsh" ? "script.ps1" : "script");

export const isScriptFile = (value: unknown): value is ScriptFile => scriptFiles.some((name) => name === value);

/** Absolute path, or null when this host has none. A host without node gets the one this agent runs on. */
export function findInterpreter(interpreter: string, searchPath: string): string | null {
  for (const directory of searchPath.split(":")) {
    const candidate = path.join(directory, interpreter);
    if (path.isAbsolute(directory) && isExecutable(candidate)) return candidate;
  }
  return interpreter === "node" ? process.execPath : null;
}
