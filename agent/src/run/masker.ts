// Hides secrets in what a script prints, byte by byte: also one that comes in pieces, and each line of one with several lines. Pure. What comes out
// depends on what went in alone, not on where it was cut, so a stream that is read again from its beginning gives the same bytes.

const stars = Buffer.from("***");

/** A shorter line of a longer secret is found everywhere: `}` and `--` are in everything that is printed. */
const lineBytesMin = 4;

export class Masker {
  /** Longest first: of two that begin in the same place the longer one is hidden. */
  readonly #hidden: Buffer[];
  #held: Buffer = Buffer.alloc(0);

  constructor(secrets: readonly string[]) {
    const lines = secrets.flatMap((secret) => secret.split(/\r?\n/).filter((line) => Buffer.byteLength(line) >= lineBytesMin));
    const hidden = new Set([...secrets.filter((secret) => secret !== ""), ...lines]);
    this.#hidden = [...hidden].map((text) => Buffer.from(text)).sort((a, b) => b.length - a.length);
  }

  /** What may be shown by now. Bytes that may be the beginning of a secret are held back until it is known. */
  push(bytes: Buffer): Buffer {
    return this.#hidden.length === 0 ? bytes : this.#mask(bytes, false);
  }

  /** No more comes: what was held back. */
  end(): Buffer {
    return this.#mask(Buffer.alloc(0), true);
  }

  #mask(more: Buffer, ended: boolean): Buffer {
    const bytes = this.#held.length === 0 ? more : Buffer.concat([this.#held, more]);
    const shown: Buffer[] = [];
    let from = 0;
    let open = ended ? bytes.length : this.#openFrom(bytes, from);
    for (;;) {
      const found = this.#next(bytes, from);
      if (found === null || found.at >= open) break;
      shown.push(bytes.subarray(from, found.at), stars);
      from = found.at + found.length;
      if (from > open) open = ended ? bytes.length : this.#openFrom(bytes, from);
    }
    shown.push(bytes.subarray(from, open));
    this.#held = Buffer.from(bytes.subarray(open)); // a copy: the caller's buffer is only ours now
    return Buffer.concat(shown);
  }

  /** The first secret in `bytes` from `from` on. */
  #next(bytes: Buffer, from: number): { at: number; length: number } | null {
    let first: { at: number; length: number } | null = null;
    for (const hidden of this.#hidden) {
      const at = bytes.indexOf(hidden, from);
      if (at >= 0 && (first === null || at < first.at)) first = { at, length: hidden.length };
    }
    return first;
  }

  /** Where a secret may have begun whose end has not come. */
  #openFrom(bytes: Buffer, from: number): number {
    const longest = this.#hidden[0]?.length ?? 0;
    for (let at = Math.max(from, bytes.length - longest + 1); at < bytes.length; at++) {
      const tail = bytes.subarray(at);
      if (this.#hidden.some((hidden) => hidden.length > tail.length && hidden.subarray(0, tail.length).equals(tail))) return at;
    }
    return bytes.length;
  }
}
