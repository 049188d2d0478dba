// The SSH library's view of a key whose private half is in the hub: it may be offered, and the hub signs with it, once.
import type { BaseAgent, IdentityCallback, SignCallback, SigningRequestOptions } from "ssh2";
import type { Signed } from "./hub-asks.ts";
import { ssh2 } from "./load-ssh2.ts";

export type HubSignerOptions = {
  /** SSH wire format. */
  publicKey: Uint8Array;
  /** Signatures over SHA-1 are asked for, too. */
  legacyAlgorithms: boolean;
  sign: (data: Uint8Array, algorithm: string) => Promise<Signed>;
  /** The connection has failed: nothing that the library could try instead is wanted. */
  onRefused: (why: string) => void;
};

export function hubSigner({ publicKey, legacyAlgorithms, sign, onRefused }: HubSignerOptions): BaseAgent<Buffer> {
  let asked = false;
  const hand = (signed: Signed, done: SignCallback): void => {
    if (!signed.ok) {
      onRefused(signed.why);
      return;
    }
    try {
      done(undefined, signed.signature); // the library reads it at once
    } catch {
      onRefused("the hub's signature has no form of this key");
    }
  };
  return new (class extends ssh2().BaseAgent<Buffer> {
    override getIdentities(answer: IdentityCallback<Buffer>): void {
      answer(undefined, [Buffer.from(publicKey)]);
    }

    override sign(_key: Buffer, data: Buffer, options: SigningRequestOptions | SignCallback, answer?: SignCallback): void {
      const done = typeof options === "function" ? options : answer;
      const algorithm = algorithmIn(data);
      if (asked || done === undefined || algorithm === null) onRefused("the neighbour asks for a second signature");
      else if (algorithm === "ssh-rsa" && !legacyAlgorithms)
        onRefused("the neighbour takes signatures over SHA-1 only, which this asset is not set to use");
      else {
        asked = true;
        void sign(data, algorithm).then((signed) => hand(signed, done));
      }
    }
  })();
}

/** The algorithm named in what is to be signed (RFC 4252 §7): after session id, message number, three strings and a boolean. */
export function algorithmIn(data: Buffer): string | null {
  let at = 0;
  const skip = (): boolean => {
    if (at + 4 > data.length) return false;
    at += 4 + data.readUInt32BE(at);
    return at <= data.length;
  };
  if (!skip()) return null;
  at += 1;
  if (!skip() || !skip() || !skip()) return null;
  at += 1;
  const from = at + 4;
  return skip() ? data.toString("latin1", from, at) : null;
}
