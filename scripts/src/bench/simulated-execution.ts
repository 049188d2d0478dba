// One execution as the wire sees it (SPEC.md §5): claimed, begun at go, printing, and told until the hub has it. Nothing runs and nothing is journalled.
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import type { Frame } from "@sallyport/protocol/stream/frame";
import { type encodeUp, wire } from "@sallyport/protocol/wire";

/** What each execution prints on stdout: so many pieces of so many bytes, one every so many milliseconds. */
export type Printing = { pieces: number; pieceBytes: number; everyMs: number };

export type ExecutionLink = { say(body: Parameters<typeof encodeUp>[0]): void; frame(frame: Frame): void };

const stdout = 0;
const stderr = 1;
/** As real agents repeat themselves. */
const firstRepeatMs = 1_000;
const repeatMsMax = 60_000;

export class SimulatedExecution {
  readonly #key: { executionId: string; attempt: number };
  readonly #stream: number;
  readonly #printing: Printing;
  readonly #link: ExecutionLink;
  #begun = false;
  #startedAtMs = 0;
  #sent = 0;
  #ended = false;
  #durable = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(key: { executionId: string; attempt: number }, stream: number, printing: Printing, link: ExecutionLink) {
    if (printing.pieces * printing.pieceBytes > bulkWindowBytes)
      throw new RangeError("it would need more credit than a stream begins with");
    this.#key = key;
    this.#stream = stream;
    this.#printing = printing;
    this.#link = link;
    this.#repeat(() => link.say({ runClaim: { ...key, stream } }));
  }

  go(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#quiet();
    this.#startedAtMs = Date.now();
    this.#link.say({ runStarted: { ...this.#key, startedAtMs: this.#startedAtMs } });
    const { pieces, everyMs } = this.#printing;
    if (everyMs === 0) {
      for (let piece = 0; piece < pieces; piece += 1) this.#print();
      this.#end();
      return;
    }
    let piece = 0;
    this.#timer = setInterval(() => {
      this.#print();
      piece += 1;
      if (piece < pieces) return;
      this.#quiet();
      this.#end();
    }, everyMs);
  }

  /** An offer that came again, or one of the hub's acknowledgements of bytes. */
  hear(frame: Frame): void {
    if (frame.kind !== "ack" || frame.channel !== stdout) return;
    this.#durable = Math.max(this.#durable, frame.durable);
    if (this.#ended && this.#timer === null) this.#tellResult();
  }

  /** The hub has the result. */
  close(): void {
    this.#quiet();
    this.#link.frame({ kind: "close", stream: this.#stream, exitCode: 0, reason: "exit" });
  }

  #print(): void {
    const data = Buffer.alloc(this.#printing.pieceBytes, "o");
    data[data.length - 1] = 10;
    this.#link.frame({ kind: "data", stream: this.#stream, channel: stdout, offset: this.#sent, data });
    this.#sent += data.length;
  }

  #end(): void {
    this.#ended = true;
    this.#link.frame({ kind: "eof", stream: this.#stream, channel: stdout, offset: this.#sent });
    this.#link.frame({ kind: "eof", stream: this.#stream, channel: stderr, offset: 0 });
    this.#tellResult();
  }

  #tellResult(): void {
    if (this.#durable < this.#sent) return;
    const endedAtMs = Date.now();
    const result = {
      ...this.#key,
      end: wire.RunEnd.RUN_EXITED,
      exited: true,
      exitCode: 0,
      startedAtMs: this.#startedAtMs,
      endedAtMs,
    };
    this.#repeat(() => this.#link.say({ runResult: { ...result, stdoutBytes: this.#sent, stderrBytes: 0 } }));
  }

  #repeat(say: () => void, waitMs = firstRepeatMs): void {
    say();
    this.#timer = setTimeout(() => this.#repeat(say, Math.min(waitMs * 2, repeatMsMax)), waitMs * (1 + Math.random() / 4));
  }

  #quiet(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
