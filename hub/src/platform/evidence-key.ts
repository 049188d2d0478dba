// The hub's key for evidence: made once, used for the heads of logs and the checkpoints of the audit chain alone, so that its public half can be
// given to anybody and its loss touches nothing else. The public half lies beside it, for a verifier that need not read the private one.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { makePrivateFolder, writeFileWhole } from "./files.ts";

const publicFile = (dataDir: string): string => path.join(dataDir, "keys", "evidence-key.pub");

/** The private half, Ed25519; made when there is none. Whoever signs with it puts a domain of his own before the text. */
export function loadEvidenceKey(dataDir: string): KeyObject {
  const file = path.join(dataDir, "keys", "evidence-key.pem");
  if (!existsSync(file)) {
    makePrivateFolder(path.dirname(file));
    writeFileWhole(file, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  const key = createPrivateKey(readFileSync(file));
  const pem = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const beside = publicFile(dataDir);
  if (!existsSync(beside) || readFileSync(beside, "utf8") !== pem) writeFileWhole(beside, pem);
  return key;
}

/** @throws when there is none: the hub has never started on this folder. */
export const readEvidencePublicKey = (dataDir: string): KeyObject => createPublicKey(readFileSync(publicFile(dataDir)));

/** Short name of a public key: the first 16 hex digits of the SHA-256 of its SPKI. */
export const keyIdOf = (publicKey: KeyObject): string =>
  createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);
