// Who this agent is and which hub it belongs to: identity.json and key.pem in the state folder. Made by enrolling, read by everything else.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isAgentId } from "@sallyport/protocol/topics";
import { readIfThere, writeDurably } from "./files.ts";

export type Identity = {
  agentId: string;
  hubId: string;
  /** Raw 32 bytes of the hub's Ed25519 order key, base64. */
  hubKey: string;
  /** `https://host:port`, where the console and WSS are. */
  hubUrl: string;
  agentPort: number;
  /** The authority that signed the hub's certificate for agents. */
  caPem: string;
  name: string;
};

/** What stops the agent from starting; the message is for people and says what to do. */
export class StateError extends Error {
  override name = "StateError";
}

export function loadIdentity(stateDir: string): { identity: Identity; key: KeyObject; hubKey: KeyObject } {
  const text = readIfThere(identityFile(stateDir));
  if (text === null)
    throw new StateError(`${stateDir} holds no identity. Enrol this host first: make an install command in the hub's console.`);
  const identity = parseIdentity(text.toString(), identityFile(stateDir));
  const pem = readIfThere(keyFile(stateDir));
  if (pem === null) throw new StateError(`${keyFile(stateDir)} is missing, so this host cannot prove who it is. Enrol it again.`);
  return { identity, key: createPrivateKey(pem), hubKey: publicKeyOf(identity.hubKey) };
}

export function newAgentKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

/** Keeps a new key where it takes no effect yet: a full disk must be noticed before a token is spent. */
export function stageKey(stateDir: string, key: KeyObject): void {
  fs.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  fs.chmodSync(stateDir, 0o700);
  writeDurably(`${keyFile(stateDir)}.staged`, key.export({ type: "pkcs8", format: "pem" }));
}

/** The hub said no: as if nothing had been tried. */
export function unstageKey(stateDir: string): void {
  fs.rmSync(`${keyFile(stateDir)}.staged`, { force: true });
}

/** Becomes `identity`. Orders and executions of an earlier identity mean nothing to the new one, so they go. */
export function adoptIdentity(stateDir: string, identity: Identity): void {
  for (const former of ["sequence", "journal", "status.json"])
    fs.rmSync(path.join(stateDir, former), { recursive: true, force: true });
  fs.renameSync(`${keyFile(stateDir)}.staged`, keyFile(stateDir));
  writeDurably(identityFile(stateDir), `${JSON.stringify(identity, null, 2)}\n`);
}

/** Raw 32 bytes of an Ed25519 public key, base64. */
export function rawPublicKey(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
}

/** DER of an Ed25519 SubjectPublicKeyInfo up to its 32 raw bytes (RFC 8410 §4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** @throws StateError when the text is not 32 bytes in base64. */
export function publicKeyOf(base64: string): KeyObject {
  const raw = Buffer.from(base64, "base64");
  if (raw.length !== 32)
    throw new StateError(`the hub's key has ${raw.length} bytes, expected 32. Copy the install command again.`);
  return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: "der", type: "spki" });
}

const identityFile = (stateDir: string): string => path.join(stateDir, "identity.json");
const keyFile = (stateDir: string): string => path.join(stateDir, "key.pem");

function parseIdentity(text: string, file: string): Identity {
  const parsed = parseObject(text);
  if (parsed === null) throw new StateError(`${file} is not JSON. Enrol this host again.`);
  const field = (name: string): string => {
    const value: unknown = Reflect.get(parsed, name);
    if (typeof value !== "string" || value === "") throw new StateError(`${file} has no ${name}. Enrol this host again.`);
    return value;
  };
  const agentPort: unknown = Reflect.get(parsed, "agentPort");
  const agentId = field("agentId");
  if (!isAgentId(agentId) || typeof agentPort !== "number") throw new StateError(`${file} is damaged. Enrol this host again.`);
  return {
    agentId,
    hubId: field("hubId"),
    hubKey: field("hubKey"),
    hubUrl: field("hubUrl"),
    agentPort,
    caPem: field("caPem"),
    name: field("name"),
  };
}

/** Null when the text is not a JSON object. */
export function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}
