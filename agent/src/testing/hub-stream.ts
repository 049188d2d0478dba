// The hub's end of one stream, for tests: collects what comes, counts what is missing, sends what is typed.
import { inputWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd, type StreamOwner, type StreamPriority } from "@sallyport/protocol/stream/stream-end";
import type { wire } from "@sallyport/protocol/wire";

export class HubStream implements StreamOwner {
  readonly stream: number;
  readonly end: StreamEnd;
  readonly input = new Ring(8 * 1_024 * 1_024);
  readonly outgoing: Outgoing;
  /** What each output channel has brought so far. */
  readonly outputs = new Map<number, Buffer[]>();
  readonly ended = new Set<number>();
  closing: Closing | null = null;
  /** False: bytes are taken off the link and neither consumed nor stored, as by a hub whose disk stands still. */
  taking = true;
  readonly #mux: StreamMux;
  #changed: (() => void)[] = [];

  constructor(
    mux: StreamMux,
    options: { stream: number; channels: number[]; window: number; priority: StreamPriority; inputWindow?: number },
  ) {
    this.stream = options.stream;
    this.#mux = mux;
    for (const channel of options.channels) this.outputs.set(channel, []);
    this.outgoing = new Outgoing(0, this.input, options.inputWindow ?? inputWindowBytes);
    this.end = new StreamEnd({
      stream: options.stream,
      priority: options.priority,
      outgoing: [this.outgoing],
      incoming: options.channels.map((channel) => new Incoming(channel, options.window)),
      owner: this,
    });
    mux.add(this.end);
  }

  /** How many bytes have come; cheap, unlike putting them together. */
  count(channel = 0): number {
    return this.end.incoming.get(channel)?.received ?? 0;
  }

  bytes(channel = 0): Buffer {
    return Buffer.concat(this.outputs.get(channel) ?? []);
  }

  text(channel = 0): string {
    return this.bytes(channel).toString();
  }

  type(input: string | Uint8Array): void {
    this.input.append(Buffer.from(input));
    this.#mux.flush();
  }

  /** Nothing more is typed. */
  endInput(): void {
    this.outgoing.finish();
    this.#mux.flush();
  }

  resize(columns: number, rows: number): void {
    this.end.resize(columns, rows);
    this.#mux.flush();
  }

  close(reason: string): void {
    this.end.close({ exitCode: null, reason });
    this.#mux.flush();
  }

  /** Takes again what was left standing. */
  take(): void {
    this.taking = true;
    for (const half of this.end.incoming.values()) this.#took(half);
    this.#mux.wake();
  }

  /** Where the hub continues, for Welcome. */
  position(): wire.StreamPosition.$Properties {
    return {
      stream: this.stream,
      outputs: [...this.end.incoming.values()].map((half) => ({
        channel: half.channel,
        received: half.received,
        credit: half.credit,
        durable: half.durable,
      })),
      inputEnd: this.input.end,
    };
  }

  /** Resolves when `done` holds, looked at with every change. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  onData(channel: number, data: Uint8Array): void {
    this.outputs.get(channel)?.push(Buffer.from(data));
    const half = this.end.incoming.get(channel);
    if (half !== undefined && this.taking) this.#took(half);
    this.#wake();
  }

  onEnd(channel: number): void {
    this.ended.add(channel);
    this.#wake();
  }

  onRoom(): void {
    this.#wake();
  }

  onResize(): void {}

  onClose(closing: Closing): void {
    this.closing = closing;
    this.#wake();
  }

  #took(half: Incoming): void {
    half.consume(half.received);
    half.store(half.received);
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }
}
