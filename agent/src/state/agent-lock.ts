// One agent per state folder: two would take the link from each other and run a script twice.
import fs from "node:fs";
import path from "node:path";
import { StateError } from "./identity.ts";
import { isAlive, markOf, pidOf, readMark } from "./process-mark.ts";

/** Also how the installer finds the process: `pid startTicks bootId`. */
const pidFile = (stateDir: string): string => path.join(stateDir, "agent.pid");

/** @throws StateError when an agent runs on this folder. Returns how to give it up. */
export function lockState(stateDir: string): () => void {
  const file = pidFile(stateDir);
  const mine = markOf(process.pid) ?? "";
  const other = readMark(file);
  if (other !== null && other !== mine && isAlive(other))
    throw new StateError(`an agent already runs on ${stateDir} (process ${pidOf(other)}).`);
  const beside = `${file}.${process.pid}`;
  fs.writeFileSync(beside, `${mine}\n`, { mode: 0o600 });
  fs.renameSync(beside, file);
  return () => {
    if (readMark(file) === mine) fs.rmSync(file, { force: true });
  };
}
