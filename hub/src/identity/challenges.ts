// Challenges for passkeys and for sign-ins elsewhere, without keeping those that are open: each carries its end and a MAC, so that a flood of askers costs no memory.
// Kept are only those used up, until they would have ended anyway: an answer counts once. A restart makes open ones worthless.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** As long as browsers let people look for their key (WebAuthn §5.4 suggests up to ten minutes). */
const passkeyLifetimeMs = 5 * 60_000;
const randomLength = 16; // WebAuthn §13.4.3
const headLength = randomLength + 8;
const macLength = 32;

export class Challenges {
  readonly #key = randomBytes(32);
  readonly #used = new Map<string, number>();
  readonly #lifetimeMs: number;

  constructor(lifetimeMs = passkeyLifetimeMs) {
    this.#lifetimeMs = lifetimeMs;
  }

  /** @param purpose who may use it for what; asked again when it is used. */
  make(purpose: string, now: Date): Uint8Array<ArrayBuffer> {
    const head = Buffer.alloc(headLength);
    randomBytes(randomLength).copy(head);
    head.writeBigUInt64BE(BigInt(now.getTime() + this.#lifetimeMs), randomLength);
    return Uint8Array.from(Buffer.concat([head, this.#mac(head, purpose)]));
  }

  /** Is it ours, for this purpose, not over and not used up? @param challenge base64url, as the browser gives it back. */
  holds(challenge: string, purpose: string, now: Date): boolean {
    const bytes = Buffer.from(challenge, "base64url");
    if (bytes.length !== headLength + macLength || this.#used.has(challenge)) return false;
    const head = bytes.subarray(0, headLength);
    if (!timingSafeEqual(bytes.subarray(headLength), this.#mac(head, purpose))) return false;
    return head.readBigUInt64BE(randomLength) > BigInt(now.getTime());
  }

  /** Of two at once one is true. Call only once the answer to it was proven, so that nobody fills this with what proves nothing. */
  useUp(challenge: string, now: Date): boolean {
    for (const [one, until] of this.#used) {
      if (until > now.getTime()) break; // in the order of their ends
      this.#used.delete(one);
    }
    if (this.#used.has(challenge)) return false;
    this.#used.set(challenge, now.getTime() + this.#lifetimeMs);
    return true;
  }

  #mac(head: Buffer, purpose: string): Buffer {
    return createHmac("sha256", this.#key).update(head).update(purpose).digest();
  }
}
