// The SSH library's view of a key that signs once for a connection. Where its private half is, in the hub or on this host, is its owner's matter.
import type { BaseAgent, IdentityCallback, SignCallback, SigningRequestOptions } from "ssh2";
import { ssh2 } from "./load-ssh2.ts";

/** A signature without the algorithm's name: of ECDSA as in RFC 5656 §3.1.2, or in DER. `why` is part of a sentence. */
export type Signed = { ok: true; signature: Buffer } | { ok: false; why: string };
export type Sign = (data: Uint8Array, algorithm: string) => Promise<Signed>;

export type SignerOptions = {
  /** SSH wire format. */
  publicKey: Uint8Array;
  /** Signatures over SHA-1 are asked for, too. */
  legacyAlgorithms: boolean;
  sign: Sign;
  /** The connection has failed: nothing that the library could try instead is wanted. */
  onRefused: (why: string) => void;
};

export function signer({ publicKey, legacyAlgorithms, sign, onRefused }: SignerOptions): BaseAgent<Buffer> {
  let asked = false;
  const hand = (signed: Signed, done: SignCallback): void => {
    if (!signed.ok) {
      onRefused(signed.why);
      return;
    }
    try {
      done(undefined, signed.signature); // the library reads it at once
    } catch {
      onRefused("the signature has no form of this key");
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
