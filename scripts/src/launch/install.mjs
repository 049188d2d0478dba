// Brings node_modules to what package-lock.json says, and does nothing when it is there already.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LaunchFault } from "./fault.mjs";
import { checkMachine, thisMachine } from "./machine.mjs";
import { root } from "./places.mjs";
import { runQuietly } from "./run-quietly.mjs";

const stampFile = path.join(root, "node_modules/.sallyport-lock");

/** The lock's hash when an install is due, otherwise null. */
export function installDue() {
  const hash = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash ? null : hash;
}

/** @param {string} lockHash @param {AbortSignal} [signal] */
export async function install(lockHash, signal) {
  checkMachine(thisMachine());
  const fault =
    "The packages could not be installed. Check the network or npm's registry setting, then start again; npm's last words follow.";
  await runQuietly("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, fault, ...(signal && { signal }) });
  if (!existsSync(path.join(root, "node_modules/.bin/node"))) {
    throw new LaunchFault(`npm left out Node 24 for ${process.arch}. Run npm ci without --omit=optional, then start again.`);
  }
  writeFileSync(stampFile, lockHash);
}
