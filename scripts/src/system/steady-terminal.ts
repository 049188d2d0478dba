// A terminal that never gives up: rejoins after every loss where it stood, types again what was not taken, and keeps each byte of
// output at its offset, so that a byte lost, doubled or changed on the way is seen. Written from SPEC.md §7 alone.
import { WebSocket } from "ws";
import { until } from "./until.ts";

const subprotocol = "sallyport.terminal.v1";
const offsetBytes = 8;
const redialMs = 100;
const ackEveryBytes = 32 * 1024;
/** What the hub takes unacknowledged. */
const inputWindowBytes = 64 * 1024;
/** A socket whose hub is stopped stays open: without an answer for so long it is dialled again. */
const silenceMs = 4_000;
const pingMs = 1_000;

export type SteadyOptions = {
  url: string;
  key: string;
  /** Reads no faster than this; the rest waits in the network. */
  bytesPerSecond?: number;
  /** Keeps only this much of the newest output. */
  keepBytes?: number;
} & ({ assetId: string } | { sessionId: string });

export class SteadyTerminal {
  /** Bytes that came at an offset already held with another content. Must stay 0. */
  changedBytes = 0;
  /** Bytes between what was held and what came next. Must stay 0. */
  skippedBytes = 0;
  sessionId: string | null;
  ended: string | null = null;
  agentOnline = true;
  refusals: string[] = [];
  snapshots = 0;
  opens = 0;
  readonly #options: SteadyOptions;
  #socket: WebSocket | null = null;
  #live = false;
  #chunks: Buffer[] = [];
  #held = 0;
  #end = 0;
  #acked = 0;
  #input: Buffer = Buffer.alloc(0);
  #inputStart = 0;
  #inputSent = 0;
  #heardMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #pings: NodeJS.Timeout | null = null;
  #left = false;
  #waits = new Set<() => void>();

  constructor(options: SteadyOptions) {
    this.#options = options;
    this.sessionId = "sessionId" in options ? options.sessionId : null;
    this.#dial();
  }

  /** Offset after the last byte of output held. */
  get end(): number {
    return this.#end;
  }

  get live(): boolean {
    return this.#live;
  }

  /** All of the output, or the newest `keepBytes` of it. */
  output(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  type(text: string | Buffer): void {
    this.#input = Buffer.concat([this.#input, Buffer.from(text)]);
    this.#sendInput();
  }

  /** Resolves once the newest output shows it. */
  async shows(text: string, deadlineMs = 45_000): Promise<void> {
    await until(`${JSON.stringify(text)} in the terminal`, () => this.output().includes(text), { deadlineMs, everyMs: 20 }).catch(
      (error: unknown) => {
        const shown = JSON.stringify(this.output().toString("latin1").slice(-300));
        throw new Error(
          `it showed ${shown}, was refused ${JSON.stringify(this.refusals.slice(-5))}, opened ${this.opens} times`,
          {
            cause: error,
          },
        );
      },
    );
  }

  /** Resolves when the output's end has passed `offset`. */
  passes(offset: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#end <= offset) return;
        this.#waits.delete(look);
        resolve();
      };
      this.#waits.add(look);
      look();
    });
  }

  /** Milliseconds from typing a letter until the output grows. Of a terminal that prints nothing else. */
  async echoMs(letter = "x"): Promise<number> {
    const from = performance.now();
    const end = this.#end;
    this.type(letter);
    await this.passes(end);
    return performance.now() - from;
  }

  /** Cuts the socket; it is dialled again at once. */
  cut(): void {
    this.#socket?.terminate();
  }

  leave(): void {
    this.#left = true;
    this.#stop();
    this.#socket?.terminate();
  }

  #dial(): void {
    this.#stop();
    const { url, key } = this.#options;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/terminal`, subprotocol, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      handshakeTimeout: silenceMs,
    });
    this.#socket = socket;
    this.#heardMs = performance.now();
    socket.on("error", () => {});
    socket.once("open", () => this.#introduce());
    socket.on("message", (data: Buffer, isBinary) => {
      this.#heardMs = performance.now();
      if (isBinary) this.#take(data);
      else this.#hear(JSON.parse(data.toString()) as Record<string, unknown>);
    });
    socket.once("close", () => {
      if (this.#socket !== socket) return;
      this.#live = false;
      if (this.ended === null && !this.#left) this.#timer = setTimeout(() => this.#dial(), redialMs);
    });
    this.#pings = setInterval(() => {
      const slow = this.#options.bytesPerSecond !== undefined;
      if (!slow && performance.now() - this.#heardMs > silenceMs) socket.terminate();
      else this.#tell({ type: "ping", t: 0 });
    }, pingMs);
  }

  #introduce(): void {
    const size = { cols: 80, rows: 24 };
    if (this.sessionId !== null) this.#tell({ type: "attach", sessionId: this.sessionId, from: this.#end, ...size });
    else if ("assetId" in this.#options) this.#tell({ type: "open", assetId: this.#options.assetId, ...size });
  }

  #hear(message: Record<string, unknown>): void {
    switch (message.type) {
      case "opened":
        this.sessionId = String(message.sessionId);
        this.opens += 1;
        this.#live = true;
        this.#inputTaken(Number(message.inputOffset));
        this.#inputSent = this.#inputStart;
        this.#sendInput();
        return;
      case "input-ack":
        this.#inputTaken(Number(message.offset));
        this.#sendInput();
        return;
      case "snapshot":
        this.snapshots += 1;
        return;
      case "agent":
        this.agentOnline = message.online === true;
        return;
      case "ended":
        this.ended = String(message.reason);
        this.#stop();
        return;
      case "error":
        this.refusals.push(String(message.code));
        return; // the hub closes the socket; it is dialled again
    }
  }

  #take(message: Buffer): void {
    const offset = Number(message.readBigUInt64BE(0));
    const data = message.subarray(offsetBytes);
    this.#throttle(message.length);
    if (offset > this.#end) {
      this.skippedBytes += offset - this.#end;
      this.#end = offset;
    }
    const known = Math.min(data.length, this.#end - offset);
    if (known > 0) this.#compare(offset, data.subarray(0, known));
    const fresh = data.subarray(known);
    if (fresh.length > 0) {
      this.#chunks.push(Buffer.from(fresh));
      this.#held += fresh.length;
      this.#end += fresh.length;
      const { keepBytes } = this.#options;
      while (keepBytes !== undefined && this.#held - (this.#chunks[0]?.length ?? 0) > keepBytes)
        this.#held -= this.#chunks.shift()?.length ?? 0;
      for (const look of this.#waits) look();
    }
    if (this.#end - this.#acked < ackEveryBytes) return;
    this.#acked = this.#end;
    this.#tell({ type: "ack", offset: this.#end });
  }

  /** The same offset must always carry the same byte. */
  #compare(offset: number, data: Buffer): void {
    const all = this.output();
    const at = offset - (this.#end - all.length);
    for (let n = Math.max(0, -at); n < data.length; n += 1) if (all[at + n] !== data[n]) this.changedBytes += 1;
  }

  #throttle(bytes: number): void {
    const { bytesPerSecond } = this.#options;
    const socket = this.#socket;
    if (bytesPerSecond === undefined || socket === null) return;
    socket.pause();
    setTimeout(() => socket.resume(), (bytes / bytesPerSecond) * 1_000).unref();
  }

  #inputTaken(offset: number): void {
    if (offset <= this.#inputStart) return;
    this.#input = this.#input.subarray(offset - this.#inputStart);
    this.#inputStart = offset;
    this.#inputSent = Math.max(this.#inputSent, offset);
  }

  #sendInput(): void {
    if (!this.#live) return;
    const data = this.#input.subarray(this.#inputSent - this.#inputStart, inputWindowBytes);
    if (data.length === 0) return;
    const head = Buffer.alloc(offsetBytes);
    head.writeBigUInt64BE(BigInt(this.#inputSent));
    this.#inputSent += data.length;
    this.#socket?.send(Buffer.concat([head, data]));
  }

  #tell(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#pings !== null) clearInterval(this.#pings);
  }
}
