// Secrets at rest: each has a key of its own, and that key is wrapped by the hub's. A row copied elsewhere does not open, since what it belongs to is
// sealed in with it. The hub's key lies in files, never in the database, so a dump of the database tells nothing.
//
//   sealed = 1 (format) · key number u32 · nonce 12 · wrapped key 32 + tag 16 · nonce 12 · ciphertext + tag 16         all AES-256-GCM (NIST SP 800-38D)
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { makePrivateFolder, syncFolder, writeFileWhole } from "./files.ts";

/** What a sealed value belongs to; all of it must be the same when it is opened. */
export type SealedPlace = { orgId: string; table: string; row: string; field: string; version: number };

const format = 1;
const nonceBytes = 12;
const keyBytes = 32;
const tagBytes = 16;
const headBytes = 1 + 4;
const wrappedBytes = nonceBytes + keyBytes + tagBytes;
const cipher = "aes-256-gcm";
const fileName = /^vault-key-([1-9]\d{0,8})$/;

export class Vault {
  readonly #folder: string;
  readonly #keys: Map<number, Buffer>;

  private constructor(folder: string, keys: Map<number, Buffer>) {
    this.#folder = folder;
    this.#keys = keys;
  }

  /** Reads the hub's keys from `keys/vault-key-1, 2 …` of the data folder, and makes the first. */
  static open(dataDir: string): Vault {
    const folder = path.join(dataDir, "keys");
    makePrivateFolder(folder);
    const keys = new Map<number, Buffer>();
    for (const name of readdirSync(folder)) {
      const number = fileName.exec(name)?.[1];
      if (number !== undefined) keys.set(Number(number), readKey(path.join(folder, name)));
    }
    const vault = new Vault(folder, keys);
    if (keys.size === 0) vault.addKey();
    return vault;
  }

  /** The number of the key that new secrets are wrapped with: the highest. */
  get current(): number {
    return Math.max(...this.#keys.keys());
  }

  /** A new key, durable before anything is wrapped with it. What older keys wrapped still opens; see {@link rewrap}. */
  addKey(): number {
    const number = this.#keys.size === 0 ? 1 : this.current + 1;
    const key = randomBytes(keyBytes);
    writeFileWhole(path.join(this.#folder, `vault-key-${number}`), `${key.toString("base64")}\n`);
    this.#keys.set(number, key);
    return number;
  }

  /** The numbers of all keys that are here, lowest first. */
  get keyNumbers(): number[] {
    return [...this.#keys.keys()].sort((a, b) => a - b);
  }

  /** Destroys every key below this number. What is still wrapped with one is lost: see assets/rotate-vault.ts for who may know. */
  removeKeysBelow(number: number): void {
    for (const old of this.keyNumbers.filter((one) => one < Math.min(number, this.current))) {
      rmSync(path.join(this.#folder, `vault-key-${old}`), { force: true });
      this.#keys.get(old)?.fill(0);
      this.#keys.delete(old);
    }
    syncFolder(this.#folder);
  }

  /** Seals a secret for one place. Sealed twice it looks different each time. */
  seal(secret: Buffer, place: SealedPlace): Buffer {
    const key = randomBytes(keyBytes);
    const sealed = Buffer.concat([this.#wrap(key, place), encrypt(key, secret, place)]);
    key.fill(0);
    return sealed;
  }

  /** @throws VaultError for another place, a changed byte, or a key that is not here. */
  open(sealed: Buffer, place: SealedPlace): Buffer {
    const key = this.#unwrap(sealed, place);
    try {
      return decrypt(key, sealed.subarray(headBytes + wrappedBytes), place);
    } finally {
      key.fill(0);
    }
  }

  /** The same secret under the current key: its own key is wrapped anew, its ciphertext stays. */
  rewrap(sealed: Buffer, place: SealedPlace): Buffer {
    const key = this.#unwrap(sealed, place);
    const again = Buffer.concat([this.#wrap(key, place), sealed.subarray(headBytes + wrappedBytes)]);
    key.fill(0);
    return again;
  }

  #wrap(key: Buffer, place: SealedPlace): Buffer {
    const number = this.current;
    const head = Buffer.alloc(headBytes);
    head.writeUInt8(format, 0);
    head.writeUInt32BE(number, 1);
    return Buffer.concat([head, encrypt(this.#key(number), key, place)]);
  }

  #unwrap(sealed: Buffer, place: SealedPlace): Buffer {
    if (sealed.length < headBytes + wrappedBytes + nonceBytes + tagBytes || sealed.readUInt8(0) !== format)
      throw new VaultError("The sealed value is not whole.");
    return decrypt(this.#key(keyNumberOf(sealed)), sealed.subarray(headBytes, headBytes + wrappedBytes), place);
  }

  #key(number: number): Buffer {
    const key = this.#keys.get(number);
    if (key === undefined)
      throw new VaultError(`The file vault-key-${number} is missing from the keys folder; restore it from the backup.`);
    return key;
  }
}

/** A secret that cannot be opened. Its message names no secret. */
export class VaultError extends Error {
  override name = "VaultError";
}

/** Which of the hub's keys a sealed value was wrapped with. */
export const keyNumberOf = (sealed: Buffer): number => sealed.readUInt32BE(1);

function readKey(file: string): Buffer {
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.length !== keyBytes) throw new VaultError(`The file ${path.basename(file)} does not hold a key of ${keyBytes} bytes.`);
  return key;
}

/** The place as the text that both ciphers authenticate: a hash, so that no field can run into the next. */
const bound = ({ orgId, table, row, field, version }: SealedPlace): Buffer =>
  createHash("sha256")
    .update(JSON.stringify([orgId, table, row, field, version]))
    .digest();

function encrypt(key: Buffer, plain: Buffer, place: SealedPlace): Buffer {
  const nonce = randomBytes(nonceBytes);
  const aead = createCipheriv(cipher, key, nonce).setAAD(bound(place));
  return Buffer.concat([nonce, aead.update(plain), aead.final(), aead.getAuthTag()]);
}

function decrypt(key: Buffer, bytes: Buffer, place: SealedPlace): Buffer {
  const aead = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(bound(place))
    .setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    return Buffer.concat([aead.update(bytes.subarray(nonceBytes, bytes.length - tagBytes)), aead.final()]);
  } catch (cause) {
    throw new VaultError("The sealed value was changed, or belongs to another row.", { cause });
  }
}
