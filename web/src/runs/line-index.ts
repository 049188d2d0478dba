// Where the rows of a growing log begin: by line end, or by width when lines are wrapped. Bytes stay bytes until drawn.

const newline = 0x0a;

/** A line longer than this is cut into rows even when lines are not wrapped: one row must stay cheap to draw. */
export const rowBytesMost = 4096;

const blockBytes = 256 * 1024;
/** Some ten thousand short lines: indexed in a few milliseconds. */
const pieceBytes = 64 * 1024;

export class LineIndex {
  readonly #rowBytesMost: number;
  readonly #blocks: Uint8Array[] = [];
  #length = 0;
  /** `#starts[r]` is where row r begins; capacity doubles. */
  #starts = new Float64Array(1024);
  #rows = 0;
  #lines = 0;
  #rowOpen = false;

  constructor(rowBytes = rowBytesMost) {
    this.#rowBytesMost = Math.max(1, rowBytes);
  }

  get byteLength(): number {
    return this.#length;
  }

  get rowCount(): number {
    return this.#rows;
  }

  /** Lines as the script printed them, whatever the width. */
  get lineCount(): number {
    return this.#lines;
  }

  append(bytes: Uint8Array): void {
    this.#store(bytes);
    for (let at = 0; at < bytes.length; ) {
      const absolute = this.#length - bytes.length + at;
      if (!this.#rowOpen) this.#begin(absolute, true);
      const rowStart = this.#starts[this.#rows - 1] ?? 0;
      const found = bytes.indexOf(newline, at);
      const end = found === -1 ? bytes.length : found;
      const cut = rowStart + this.#rowBytesMost - (this.#length - bytes.length);
      if (end > cut) {
        const whole = characterStart(bytes, cut, at);
        this.#begin(this.#length - bytes.length + whole, false);
        at = whole;
      } else if (found === -1) {
        return;
      } else {
        this.#rowOpen = false;
        at = found + 1;
      }
    }
  }

  /** The bytes of a row without its line end. */
  row(row: number): Uint8Array {
    const start = this.#starts[row];
    if (start === undefined || row >= this.#rows) return new Uint8Array(0);
    const next = row + 1 < this.#rows ? (this.#starts[row + 1] ?? this.#length) : this.#length;
    const bytes = this.#read(start, next);
    const end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length;
    return bytes.subarray(0, end > 0 && bytes[end - 1] === 0x0d ? end - 1 : end);
  }

  /** Appends the next piece of what another index holds and this one does not yet; false when it has all of it. */
  takeFrom(other: LineIndex): boolean {
    if (this.#length >= other.#length) return false;
    this.append(other.#read(this.#length, Math.min(other.#length, this.#length + pieceBytes)));
    return true;
  }

  #begin(start: number, isLine: boolean): void {
    if (this.#rows === this.#starts.length) {
      const larger = new Float64Array(this.#starts.length * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#rows] = start;
    this.#rows += 1;
    if (isLine) this.#lines += 1;
    this.#rowOpen = true;
  }

  #store(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const inBlock = this.#length % blockBytes;
      const last = inBlock === 0 ? new Uint8Array(blockBytes) : this.#blocks.at(-1);
      if (last === undefined) return;
      if (inBlock === 0) this.#blocks.push(last);
      const part = bytes.subarray(at, at + blockBytes - inBlock);
      last.set(part, inBlock);
      at += part.length;
      this.#length += part.length;
    }
  }

  #read(start: number, end: number): Uint8Array {
    const first = Math.floor(start / blockBytes);
    const block = this.#blocks[first];
    if (block !== undefined && end <= (first + 1) * blockBytes)
      return block.subarray(start - first * blockBytes, end - first * blockBytes);
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; ) {
      const number = Math.floor(at / blockBytes);
      const part = this.#blocks[number]?.subarray(at - number * blockBytes, Math.min(blockBytes, end - number * blockBytes));
      if (part === undefined) break;
      bytes.set(part, at - start);
      at += part.length;
    }
    return bytes;
  }
}

/** The last place at or before `cut` (but after `least`) where a UTF-8 character begins; `cut` itself for what is not UTF-8. */
function characterStart(bytes: Uint8Array, cut: number, least: number): number {
  for (let at = cut; at > Math.max(least, cut - 4); at -= 1) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return Math.max(cut, least);
}
