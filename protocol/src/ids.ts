// Ids: a prefix that says what it names, 48 bits of time so that keys sort, 72 random bits so that nobody guesses one.
import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base32 without i, l, o, u

/** `prefix_` and 24 base32 characters, rising with `nowMs` (ms since the epoch). */
export function newId<Prefix extends string>(prefix: Prefix, nowMs = Date.now()): `${Prefix}_${string}` {
  const bytes = randomBytes(15);
  bytes.writeUIntBE(nowMs, 0, 6);
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let shift = 115n; shift >= 0n; shift -= 5n) text += alphabet[Number((bits >> shift) & 31n)];
  return `${prefix}_${text}`;
}

/** True for an id that {@link newId} could have made with this prefix. */
export function isId(prefix: string, text: string): boolean {
  return (
    text.length === prefix.length + 25 &&
    text.startsWith(`${prefix}_`) &&
    /^[0-9a-hjkmnp-tv-z]{24}$/.test(text.slice(prefix.length + 1))
  );
}
