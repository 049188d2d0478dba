// A conversation with remote-program.ts, or remote-files-program.ts, over one channel: a line is said, a line and perhaps bytes are answered, one after the other. What the login
// prints before, and on stderr at any time, is nobody's answer.
import { once } from "node:events";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "../ssh/connection.ts";
import { answerBytesMax, remoteProgram } from "./remote-program.ts";

/** A busy host takes seconds to start a process; one that takes a minute is not there any more. */
const answerMs = 60_000;

/** What may be printed before an answer: a greeting. More is no shell that we could speak with. */
const noiseBytesMax = 64 * 1_024;

/** Read ahead; the neighbour is not read beyond it. */
const bufferBytesMax = 2 * answerBytesMax;

/** The conversation cannot go on: the connection is gone, or what came makes no sense. */
export class TalkCut extends Error {
  override name = "TalkCut";
}

export class RemoteTalk {
  readonly nonce: string;
  readonly #connection: SshConnection;
  readonly #channel: ClientChannel;
  readonly #mark: Buffer;
  #buffer: Buffer = Buffer.alloc(0);
  #cut: TalkCut | null = null;
  #wake: () => void = () => {};

  /** @param nonce begins each answer; nobody there knows it before. @param program what the neighbour's shell runs, as one line. */
  constructor(
    { connection, channel }: { connection: SshConnection; channel: ClientChannel },
    nonce: string,
    program: string = remoteProgram,
  ) {
    this.nonce = nonce;
    this.#connection = connection;
    this.#channel = channel;
    this.#mark = Buffer.from(`\n${nonce} `);
    channel.on("data", (bytes: Buffer) => {
      connection.delivered(bytes.length);
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      if (this.#buffer.length > bufferBytesMax) channel.pause();
      this.#wake();
    });
    channel.stderr.on("data", (bytes: Buffer) => connection.delivered(bytes.length));
    channel.on("error", () => this.#end("The connection failed."));
    channel.once("close", () => this.#end("The neighbour closed the connection."));
    channel.write(program);
  }

  /** Sends lines, or bytes. @throws TalkCut */
  async say(...parts: (string | Uint8Array)[]): Promise<void> {
    for (const part of parts) {
      if (this.#cut !== null) throw this.#cut;
      if (this.#channel.write(part)) continue;
      await this.#inTime(Promise.race([once(this.#channel, "drain"), once(this.#channel, "close")]));
    }
  }

  /** The words of the next answer. @param patienceMs for what takes a host longer than to answer. @throws TalkCut */
  async answer(patienceMs = answerMs): Promise<string[]> {
    for (;;) {
      const at = this.#buffer.indexOf(this.#mark);
      const end = at < 0 ? -1 : this.#buffer.indexOf("\n", at + this.#mark.length);
      if (end >= 0) {
        const words = this.#buffer.toString("utf8", at + this.#mark.length, end).split(" ");
        this.#take(end + 1);
        return words;
      }
      if (this.#buffer.length > noiseBytesMax) throw this.#end("The account's login prints too much.");
      await this.#more(patienceMs);
    }
  }

  /** The next `count` bytes. @param count at most {@link answerBytesMax}. @throws TalkCut */
  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more();
    const bytes = Buffer.from(this.#buffer.subarray(0, count));
    this.#take(count);
    return bytes;
  }

  /** The neighbour answered what no neighbour of ours does. */
  nonsense(): TalkCut {
    return this.#end("The neighbour answers nonsense.");
  }

  close(): void {
    this.#end("The connection was given up.");
  }

  #take(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
    if (this.#buffer.length <= bufferBytesMax) this.#channel.resume();
  }

  async #more(patienceMs = answerMs): Promise<void> {
    if (this.#cut !== null) throw this.#cut;
    await this.#inTime(
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
      patienceMs,
    );
  }

  async #inTime(event: Promise<unknown>, patienceMs = answerMs): Promise<void> {
    const timer = setTimeout(() => this.#end("The neighbour does not answer."), patienceMs);
    await event;
    clearTimeout(timer);
    if (this.#cut !== null && this.#buffer.length === 0) throw this.#cut;
  }

  #end(why: string): TalkCut {
    this.#cut ??= new TalkCut(why);
    this.#connection.end();
    this.#wake();
    return this.#cut;
  }
}
