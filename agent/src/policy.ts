// What the owner of this host says about it, in a file that no hub can change. It narrows what the hub may order and never widens it.
//
//     scripts: approved          # a script runs only with an approval; any: also without (the default)
//     approvers:                 # an approval has to be signed by the passkey of one of these; nobody named: the hub's signature is enough
//       - name: Li Wei
//         site: bastion.example.org
//         key: MFkwEwYHKoZIzj0CAQYI...
import { createPublicKey, type KeyObject } from "node:crypto";
import fs from "node:fs";
import { StateError } from "./state/identity.ts";

/** Where the owner of a host writes it. */
export const policyFile = "/etc/sallyport/policy.yaml";

/** Whose passkey counts. site: the console's host name, to which the passkey belongs. */
export type Approver = { name: string; site: string; key: KeyObject };
export type Policy = { scripts: "any" | "approved"; approvers: readonly Approver[] };

export const noPolicy: Policy = Object.freeze({ scripts: "any", approvers: [] });

/** A policy has a few lines; a file that is longer is something else. */
const policyBytesMax = 64 * 1_024;

/** What no file says is {@link noPolicy}. @throws StateError for a file that others may write, or that says what we do not know: half a policy would be none. */
export async function readPolicy(file: string): Promise<Policy> {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return noPolicy;
  const wrong = (what: string) =>
    new StateError(`${file} ${what}. The agent does not start without the policy that its host's owner wrote.`);
  if (!stat.isFile() || stat.size > policyBytesMax) throw wrong("is no file of a few lines");
  if ((stat.mode & 0o022) !== 0) throw wrong("may be written by others. Run chmod go-w");
  // Only where there is a policy: most agents have none, and stay as small as they are.
  const { parse } = await import("yaml");
  const said = ((): unknown => {
    try {
      return parse(fs.readFileSync(file, "utf8")) ?? {};
    } catch (error) {
      throw wrong(`cannot be read as YAML: ${error instanceof Error ? error.message : "it is damaged"}`);
    }
  })();
  if (!isRecord(said)) throw wrong("is no list of settings, such as scripts: approved");
  const unknown = Object.keys(said).find((name) => name !== "scripts" && name !== "approvers");
  if (unknown !== undefined) throw wrong(`says ${unknown}, which this agent does not know`);
  const { scripts = "any", approvers = [] } = said;
  if (scripts !== "any" && scripts !== "approved") throw wrong("must say scripts: any or scripts: approved");
  if (!Array.isArray(approvers)) throw wrong("must list approvers, each with name, site and key");
  return {
    scripts,
    approvers: approvers.map((one: unknown) => approverOf(one) ?? raise(wrong("names an approver without name, site or key"))),
  };
}

function approverOf(said: unknown): Approver | null {
  if (!isRecord(said)) return null;
  const { name, site, key } = said;
  if (typeof name !== "string" || typeof site !== "string" || typeof key !== "string" || site === "") return null;
  try {
    return { name, site, key: createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" }) };
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function raise(error: Error): never {
  throw error;
}
