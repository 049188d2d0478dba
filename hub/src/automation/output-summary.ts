// What is kept of an output beside its bytes: by what outputs are told apart, and the last line. Made while it streams by, so that nothing has to be
// read again when an execution ends.
import { createHash, type Hash } from "node:crypto";
import type { Channel } from "../logs/log-file.ts";
import { characters, clean, cutTo } from "../notify/message.ts";
import { valueFolder } from "./output-values.ts";

/** A longer line is folded in pieces of so many bytes, so that a channel without line ends holds no more than this. */
const lineBytesMax = 4_096;
/** Of each channel values are folded up to here, as far as anybody compares by eye; what follows is told apart byte by byte. */
export const comparedBytes = 256 * 1024;
/** In so much of the end of a channel its last line is looked for; ten thousand scripts at once hold as many of these. */
const tailBytes = 2_048;
/** A screen's width and some: what a notice and a list show. */
export const lastLineMax = 200;
/** Behind a line that shows nothing, such as one of colour codes alone, so many more are looked at. */
const linesLookedAt = 8;

/** CSI, OSC and the two-byte escapes (ECMA-48 §5). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;

export class OutputSummary {
  readonly #channels: Record<Channel, ChannelSummary>;

  constructor(hostNames: readonly string[]) {
    const fold = valueFolder(hostNames);
    this.#channels = { output: new ChannelSummary(fold), stderr: new ChannelSummary(fold) };
  }

  add(channel: Channel, data: Uint8Array): void {
    this.#channels[channel].add(data);
  }

  /** Of what was printed so far. Each channel by itself: how the two are interleaved differs from host to host. */
  digests(): { digest: string; valueDigest: string } {
    const { output, stderr } = this.#channels;
    return {
      digest: together([output.digest(), stderr.digest()]),
      valueDigest: together([output.valueDigest(), stderr.valueDigest()]),
    };
  }

  /** The last line that shows anything, as one line of harmless text; null when nothing does. @param failed then stderr is asked first. */
  lastLine(failed: boolean): string | null {
    const { output, stderr } = this.#channels;
    const lines = [output.lastLine(), stderr.lastLine()];
    if (failed) lines.reverse();
    return lines.find((line) => line !== "") ?? null;
  }
}

const together = (parts: Buffer[]): string => createHash("sha256").update(Buffer.concat(parts)).digest("hex");

class ChannelSummary {
  readonly #fold: (text: string) => string;
  readonly #bytes = createHash("sha256");
  readonly #values = createHash("sha256");
  #length = 0;
  /** Of the line that has not ended, what has not been folded yet. Latin-1, as every text here. */
  #rest = "";
  /** The last that was printed. */
  #tail: Uint8Array = new Uint8Array(0);

  constructor(fold: (text: string) => string) {
    this.#fold = fold;
  }

  add(data: Uint8Array): void {
    this.#bytes.update(data);
    const folded = data.subarray(0, Math.max(0, comparedBytes - this.#length));
    this.#length += data.length;
    this.#foldBytes(folded);
    if (folded.length < data.length) {
      this.#foldLines(this.#rest, this.#values);
      this.#rest = "";
      this.#values.update(data.subarray(folded.length));
    }
    // Copied, so that no more than this is held of what it came with.
    this.#tail = Buffer.from(
      data.length >= tailBytes ? data.subarray(-tailBytes) : Buffer.concat([this.#tail, data]).subarray(-tailBytes),
    );
  }

  #foldBytes(data: Uint8Array): void {
    const end = data.lastIndexOf(0x0a) + 1;
    if (end > 0) {
      this.#foldLines(this.#rest + latin1(data.subarray(0, end)), this.#values);
      this.#rest = "";
    }
    this.#rest += latin1(data.subarray(end));
    if (this.#rest.length < lineBytesMax) return;
    const whole = this.#rest.length - (this.#rest.length % lineBytesMax);
    this.#foldLines(this.#rest.slice(0, whole), this.#values);
    this.#rest = this.#rest.slice(whole);
  }

  digest(): Buffer {
    return this.#bytes.copy().digest();
  }

  valueDigest(): Buffer {
    const values = this.#values.copy();
    this.#foldLines(this.#rest, values);
    return values.digest();
  }

  lastLine(): string {
    return lastVisible(latin1(this.#tail));
  }

  /** The same pieces however the bytes came: a long line is cut where its own length says. */
  #foldLines(text: string, into: Hash): void {
    let from = 0;
    for (let start = 0; start < text.length; ) {
      const found = text.indexOf("\n", start);
      const end = found === -1 ? text.length : found + 1;
      if (end - start > lineBytesMax) {
        into.update(this.#fold(text.slice(from, start)), "latin1");
        for (from = start; end - from > lineBytesMax; from += lineBytesMax)
          into.update(this.#fold(text.slice(from, from + lineBytesMax)), "latin1");
      }
      start = end;
    }
    into.update(this.#fold(text.slice(from)), "latin1");
  }
}

const latin1 = (data: Uint8Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");

/** Of these lines the last that shows anything, or nothing. */
function lastVisible(lines: string): string {
  let end = lines.length;
  for (let looked = 0; looked < linesLookedAt && end > 0; looked++) {
    const start = lines.lastIndexOf("\n", end - 1) + 1;
    const line = visible(lines.slice(start, end));
    if (line !== "") return line;
    end = start - 1;
  }
  return "";
}

/** A progress bar redraws its line with carriage returns: what stands last is what a terminal would show. */
function visible(line: string): string {
  const text = Buffer.from(line, "latin1").toString().replace(escapes, "").trimEnd();
  return cutTo(clean(text.slice(text.lastIndexOf("\r") + 1)), lastLineMax, characters);
}
