// An authenticator app: RFC 4648 §6 and RFC 6238, written a second time on purpose.
import { createHmac } from "node:crypto";

const stepMs = 30_000;

/** @param secret base32, as an app is told. @param now ms since 1970. */
export function codeOf(secret: string, now = Date.now()): string {
  const bits = [...secret]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / stepMs)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A code counts once: the one that comes after the present one, which the hub takes a little early. */
export const nextCodeOf = (secret: string): string => codeOf(secret, Date.now() + stepMs);
