// Whose an execution's folder is: the one process that may start its script. Said once, for ever, by a file nobody can make twice.
import fs from "node:fs";
import path from "node:path";
import { hasCode } from "../state/files.ts";
import type { ProcessMark } from "../state/process-mark.ts";
import { taskFiles } from "./task.ts";

/** The mark of nobody: claimed so that a runner that comes too late starts nothing. */
export const nobody: ProcessMark = "0 0 none";

/** False when the folder has an owner already. The mark is whole from the moment it can be seen. */
export function claimFolder(folder: string, mark: ProcessMark): boolean {
  const draft = path.join(folder, `${taskFiles.runner}.${process.pid}`);
  fs.writeFileSync(draft, mark, { mode: 0o600 });
  try {
    fs.linkSync(draft, path.join(folder, taskFiles.runner));
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    fs.unlinkSync(draft);
  }
}
