// Short secrets at rest: AES-256-GCM under a key of the data folder. What it belongs to is bound in, so a sealed text moved to another
// row does not open there.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFileWhole } from "./files.ts";

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12; // SP 800-38D §8.2: 96 bits, random, far below 2^32 texts of one key
const tagBytes = 16;
/** Before each sealed text, so that another algorithm can stand beside this one. */
const version = "1.";

export type SealingKey = {
  /** @param belongsTo organisation, table, row and column: the same is needed to open it. */
  seal(text: string, belongsTo: readonly string[]): string;
  /** @throws Error when it was altered, moved, or sealed under another key. */
  open(sealed: string, belongsTo: readonly string[]): string;
};

/** Reads the key from a file, and makes it (0600) on the first start. */
export function loadSealingKey(file: string): SealingKey {
  if (!existsSync(file)) writeFileWhole(file, `${randomBytes(keyBytes).toString("base64")}\n`);
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.length !== keyBytes) throw new Error(`${file} does not hold a key of ${keyBytes} bytes`);
  const aad = (belongsTo: readonly string[]) => Buffer.from(JSON.stringify(belongsTo));
  return {
    seal: (text, belongsTo) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(aad(belongsTo));
      const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return version + sealed.toString("base64");
    },
    open: (sealed, belongsTo) => {
      if (!sealed.startsWith(version)) throw new Error("sealed in a way this hub does not know");
      const bytes = Buffer.from(sealed.slice(version.length), "base64");
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(aad(belongsTo))
        .setAuthTag(bytes.subarray(-tagBytes));
      return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
    },
  };
}
