// One output channel of a script on its way to disk: secrets hidden, capped, what is more counted. Written by the one process that runs the script.
import fs from "node:fs";
import { Masker } from "./masker.ts";

export class OutputFile {
  readonly #file: number;
  readonly #bytesMax: number;
  readonly #masker: Masker;
  #kept: number;
  #dropped = 0;
  /** Written by an earlier process, which was given the same bytes from the beginning. */
  #again: number;
  #failure = "";

  /** @param again the bytes come from the beginning once more: what the file has is not written twice. */
  constructor(
    file: string,
    { bytesMax, secrets, again = false }: { bytesMax: number; secrets: readonly string[]; again?: boolean },
  ) {
    this.#file = fs.openSync(file, "a", 0o600);
    this.#bytesMax = bytesMax;
    this.#masker = new Masker(secrets);
    this.#kept = fs.fstatSync(this.#file).size;
    this.#again = again ? this.#kept : 0;
  }

  /** Bytes in the file. */
  get kept(): number {
    return this.#kept;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** The disk took no more; the sentence for the exit record. */
  get failure(): string {
    return this.#failure;
  }

  take(bytes: Buffer): void {
    this.#append(this.#masker.push(bytes));
  }

  /** No more comes. Durable when it returns. */
  finish(): void {
    this.#append(this.#masker.end());
    fs.fsyncSync(this.#file);
    fs.closeSync(this.#file);
  }

  /** What came is kept; whoever goes on opens the file anew. */
  close(): void {
    fs.closeSync(this.#file);
  }

  #append(bytes: Buffer): void {
    const known = Math.min(this.#again, bytes.length);
    this.#again -= known;
    const more = bytes.subarray(known);
    const wanted = more.subarray(0, Math.max(0, this.#bytesMax - this.#kept));
    const written = this.#failure === "" ? this.#write(wanted) : 0;
    this.#kept += written;
    this.#dropped += more.length - written;
  }

  #write(bytes: Buffer): number {
    let written = 0;
    try {
      while (written < bytes.length) written += fs.writeSync(this.#file, bytes, written);
    } catch (error) {
      this.#failure = `Output was cut: ${error instanceof Error ? error.message : String(error)}.`;
    }
    return written;
  }
}
