// What the doctor says about the policy of this host's owner: whether the agent can follow it, and whether it is his alone.
import fs from "node:fs";
import path from "node:path";
import { type Policy, readPolicy } from "./policy.ts";

/**
 * Read as the agent reads it. What it allows, in one line.
 *
 * @param stateDir its owner is the account that the agent runs as.
 * @throws Error for a policy that the agent does not follow, cannot read, or that somebody else than root can change or replace.
 */
export async function examinePolicy(file: string, stateDir: string): Promise<string> {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return `no ${file}: scripts run with and without an approval`;
  const policy = await readPolicy(file);
  for (const place of [file, path.dirname(file)]) assertRoots(place);
  const agent = fs.statSync(stateDir);
  const mayRead = (stat.mode & 0o004) !== 0 || (agent.gid === stat.gid && (stat.mode & 0o040) !== 0);
  if (agent.uid !== 0 && agent.uid !== stat.uid && !mayRead)
    throw new Error(`${file} cannot be read by the account that the agent runs as. Run chmod go+r ${file}`);
  return allows(policy);
}

/** Whoever may write the folder may put another file there. */
function assertRoots(place: string): void {
  const { uid, mode } = fs.statSync(place);
  if (uid !== 0)
    throw new Error(`${place} belongs to the account ${uid} and not to root, so it can be changed. Run chown root ${place}`);
  // A folder that has the sticky bit lets others add files, and not replace root's.
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
    throw new Error(`${place} may be written by others. Run chmod go-w ${place}`);
}

function allows({ scripts, approvers }: Policy): string {
  const names = approvers.map(({ name }) => name).join(", ");
  const signed = approvers.length === 0 ? "" : ` signed by one of: ${names}`;
  if (scripts === "approved") return `scripts run only with an approval${signed}`;
  return `scripts run with and without an approval${signed === "" ? "" : `; one that is given has to be${signed}`}`;
}
