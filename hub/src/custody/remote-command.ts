// One command on an asset: what it is told on stdin, what it says, how it ends. For the hub's own work; nothing of it is recorded or shown.
//
//   stdin (all at once, then its end) ──► agent ──► asset
//   stdout, stderr ◄── at most 64 KiB each; more ends it
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd } from "@sallyport/protocol/stream/stream-end";

/** A line or two is what our scripts say; a host that says more is not heard out. */
export const outputBytesMax = 64 * 1_024;
/** A script and a key; see target-script.ts. */
const inputBytesMax = 64 * 1_024;

export type CommandEnd = Closing & { stdout: string };

export class RemoteCommand {
  readonly end: StreamEnd;
  readonly ended: Promise<CommandEnd>;
  readonly #mux: StreamMux;
  readonly #ring = new Ring(inputBytesMax);
  readonly #input = new Outgoing(0, this.#ring, bulkWindowBytes);

  constructor({ stream, mux }: { stream: number; mux: StreamMux }) {
    const outputs = [new Incoming(0, bulkWindowBytes), new Incoming(1, bulkWindowBytes)];
    const stdout: Buffer[] = [];
    let finish: (end: CommandEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      finish = resolve;
    });
    this.#mux = mux;
    this.end = new StreamEnd({
      stream,
      priority: "bulk",
      incoming: outputs,
      outgoing: [this.#input],
      owner: {
        onData: (channel, data) => {
          const half = outputs[channel];
          if (half === undefined) return;
          if (channel === 0 && half.received <= outputBytesMax) stdout.push(Buffer.from(data));
          if (half.received > outputBytesMax) this.close("output-limit");
          half.consume(half.received);
          half.store(half.received);
          mux.wake();
        },
        onEnd: () => {},
        onRoom: () => {},
        onResize: () => {},
        onClose: (closing) => {
          finish({ ...closing, stdout: Buffer.concat(stdout).toString("utf8") });
          this.close("done");
        },
      },
    });
    mux.add(this.end);
  }

  /**
   * Call once the command runs: before that the agent has no stream for it, and what is sent is lost.
   *
   * @throws RangeError for more input than {@link inputBytesMax}.
   */
  begin(stdin: string): void {
    const input = Buffer.from(stdin);
    if (input.length > inputBytesMax) throw new RangeError(`${input.length} bytes of input, at most ${inputBytesMax}`);
    this.#ring.append(input);
    input.fill(0);
    this.#input.finish();
    this.#mux.wake();
  }

  close(reason: string): void {
    this.end.close({ exitCode: null, reason });
    this.#mux.wake();
  }
}
