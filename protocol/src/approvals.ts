// Approvals: what people agreed to run, under the hub's signature and, where asked for, their own. An order that carries one is compared with it part
// by part, so that nothing but what they saw runs. SPEC §5 (Approvals).
import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { approvalBytesMax } from "./limits.ts";
import { wire } from "./wire.ts";

/** Another than that of orders: neither signature can pass for the other. */
const context = Buffer.from("sallyport/approval/v1\0");

/** @param bytes of an Approval, as {@link encodeApproval} makes them. */
export const signApproval = (bytes: Uint8Array, hubKey: KeyObject): Uint8Array =>
  sign(null, Buffer.concat([context, bytes]), hubKey);

export const encodeApproval = (approval: wire.Approval.$Properties): Uint8Array => wire.Approval.encode(approval).finish();

/** Null where the signature is not the hub's, or under it is no approval. Nothing is read before the signature holds. */
export function readApproval(
  { approval, signature }: wire.SignedApproval.$Properties,
  hubPublicKey: KeyObject,
): wire.Approval | null {
  const bytes = approval ?? new Uint8Array();
  if (bytes.length > approvalBytesMax || signature?.length !== 64) return null;
  if (!verify(null, Buffer.concat([context, bytes]), hubPublicKey, signature)) return null;
  try {
    return wire.Approval.decode(bytes);
  } catch {
    return null;
  }
}

/** The challenge that an approver's passkey signs. */
export const approvalChallenge = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** What decides what a script does, besides its text. */
export type ScriptInputs = {
  interpreter: string;
  arguments: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Names of the variables whose values come later; the values themselves no one signs. */
  secrets: readonly string[];
  /** sha256: hex. */
  files: readonly { sha256: string; path: string; mode: number; owner: string; group: string; keep: boolean }[];
  artefacts: readonly string[];
  timeoutSeconds: number;
};

/** 32 bytes. Two that differ anywhere have different ones. */
export function scriptInputsHash(inputs: ScriptInputs): Buffer {
  const variables = Object.entries(inputs.environment).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const secrets = [...inputs.secrets].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return hashOf([
    inputs.interpreter,
    ...list(inputs.arguments),
    ...list(variables.flat()),
    ...list(secrets),
    ...list(
      inputs.files.flatMap(({ sha256, path, mode, owner, group, keep }) => [
        sha256,
        path,
        mode.toString(8),
        owner,
        group,
        keep ? "keep" : "replace",
      ]),
    ),
    ...list(inputs.artefacts),
    String(inputs.timeoutSeconds),
  ]);
}

/** 32 bytes: this agent's own host, or as whom it signs in on which neighbour. */
export const targetHash = (agentId: string, neighbour: { host: string; port: number; username: string } | null): Buffer =>
  hashOf(
    neighbour === null ? ["own", agentId] : ["neighbour", agentId, neighbour.host, String(neighbour.port), neighbour.username],
  );

const list = (texts: readonly string[]): string[] => [String(texts.length), ...texts];

/** Each text after its length, so that no two lists are the same bytes. */
function hashOf(texts: readonly string[]): Buffer {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest();
}
