// The hub's key for evidence: made once, used for the heads of logs alone, so that its public half can be given to anybody
// and its loss touches nothing else. The public half lies beside it, for a verifier that need not read the private one.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { makePrivateFolder, writeFileWhole } from "../platform/files.ts";
import { HeadSigner } from "./signed-head.ts";

const publicFile = (dataDir: string): string => path.join(dataDir, "keys", "evidence-key.pub");

export function loadHeadSigner(dataDir: string): HeadSigner {
  const file = path.join(dataDir, "keys", "evidence-key.pem");
  if (!existsSync(file)) {
    makePrivateFolder(path.dirname(file));
    writeFileWhole(file, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  const signer = new HeadSigner(createPrivateKey(readFileSync(file)));
  const pem = signer.publicKey.export({ type: "spki", format: "pem" }).toString();
  const beside = publicFile(dataDir);
  if (!existsSync(beside) || readFileSync(beside, "utf8") !== pem) writeFileWhole(beside, pem);
  return signer;
}

/** @throws when there is none: the hub has never started on this folder. */
export const readPublicKey = (dataDir: string): KeyObject => createPublicKey(readFileSync(publicFile(dataDir)));
