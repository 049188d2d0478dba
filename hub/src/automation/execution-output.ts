// The output of one execution: two channels of a stream, one log; and where it collects artefacts a third, with a log of its own. Moves bytes; what the execution's state is, the row says.
import { artefactBytesMax, bulkWindowBytes, executionOutputBytesMax } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { Channel } from "../logs/log-file.ts";
import type { LogWriter } from "../logs/log-writer.ts";
import type { Clock } from "../platform/clock.ts";
import { archiveChannel } from "./artefact-log.ts";
import { OutputSummary } from "./output-summary.ts";

const channels: readonly Channel[] = ["output", "stderr"];
const artefactsChannel = 2;

export class ExecutionOutput {
  readonly executionId: string;
  readonly agentId: string;
  readonly log: LogWriter;
  /** The archive of what it collects; null: nothing is collected. */
  readonly artefacts: LogWriter | null;
  readonly end: StreamEnd;
  readonly #halves: { channel: Channel; half: Incoming }[];
  readonly #collected: Incoming | null;
  readonly #summary: OutputSummary;
  /** A log that began before this process has bytes that were not seen here. */
  readonly #seenWhole: boolean;
  readonly #clock: Clock;
  readonly #onGrowth: () => void;
  #mux: StreamMux | null = null;

  /** @param options.hostNames under which the host is known: see valueFolder(). */
  constructor(options: {
    executionId: string;
    agentId: string;
    hostNames: readonly string[];
    stream: number;
    log: LogWriter;
    artefacts: LogWriter | null;
    clock: Clock;
    onGrowth(): void;
  }) {
    this.executionId = options.executionId;
    this.agentId = options.agentId;
    this.log = options.log;
    this.artefacts = options.artefacts;
    this.#clock = options.clock;
    this.#summary = new OutputSummary(options.hostNames);
    this.#seenWhole = this.log.end("output") + this.log.end("stderr") === 0;
    this.#onGrowth = options.onGrowth;
    this.#halves = channels.map((channel, n) => ({ channel, half: new Incoming(n, bulkWindowBytes, options.log.end(channel)) }));
    this.#collected =
      options.artefacts === null ? null : new Incoming(artefactsChannel, bulkWindowBytes, options.artefacts.end(archiveChannel));
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "bulk",
      incoming: this.#incoming(),
      outgoing: [],
      owner: {
        onData: (channel, data) => this.#onData(channel, data),
        onEnd: () => {},
        onRoom: () => {},
        onResize: () => {},
        onClose: () => {},
      },
    });
  }

  join(mux: StreamMux): void {
    this.#mux = mux;
    if (mux.get(this.end.stream) === undefined) mux.add(this.end);
  }

  positions(): { channel: number; received: number; credit: number; durable: number }[] {
    return this.#incoming().map((half) => ({
      channel: half.channel,
      received: half.received,
      credit: half.credit,
      durable: half.durable,
    }));
  }

  /** Of what was printed so far, values by which outputs are told apart; null where not all of it was seen here. */
  digests(): { digest: string | null; valueDigest: string | null } {
    return this.#seenWhole ? this.#summary.digests() : { digest: null, valueDigest: null };
  }

  /** The last line that shows anything; null when none does. @param failed then stderr is asked first. */
  lastLine(failed: boolean): string | null {
    return this.#summary.lastLine(failed);
  }

  /** Everything the result speaks of is in the logs, durable. An agent that died between archive and result speaks of less than it has sent. */
  holds(stdoutBytes: number, stderrBytes: number, artefactBytes: number): boolean {
    return (
      this.log.durable("output") === stdoutBytes &&
      this.log.durable("stderr") === stderrBytes &&
      (this.artefacts?.durable(archiveChannel) ?? 0) >= artefactBytes
    );
  }

  onDurable(output: number, stderr: number): void {
    for (const { channel, half } of this.#halves) {
      half.store(channel === "output" ? output : stderr);
      half.consume(half.received);
    }
    this.#mux?.wake();
    this.#onGrowth();
  }

  onArtefactsDurable(bytes: number): void {
    this.#collected?.store(bytes);
    this.#collected?.consume(this.#collected.received);
    this.#mux?.wake();
  }

  close(reason: string): void {
    this.end.close({ exitCode: null, reason });
    this.#mux?.wake();
  }

  #incoming(): Incoming[] {
    return [...this.#halves.map(({ half }) => half), ...(this.#collected === null ? [] : [this.#collected])];
  }

  #onArtefacts(data: Uint8Array): void {
    const { artefacts } = this;
    if (artefacts === null) return;
    if (artefacts.end(archiveChannel) + data.length > artefactBytesMax) {
      this.close("too-much-output");
      return;
    }
    artefacts.append(archiveChannel, data, this.#clock.now().getTime());
    if (artefacts.hasRoom) this.#collected?.consume(this.#collected.received);
  }

  #onData(channel: number, data: Uint8Array): void {
    if (channel === artefactsChannel) {
      this.#onArtefacts(data);
      return;
    }
    const entry = this.#halves[channel];
    if (entry === undefined) return;
    // The agent keeps the cap; one that does not is not believed.
    if (this.log.end(entry.channel) + data.length > executionOutputBytesMax) {
      this.close("too-much-output");
      return;
    }
    this.#summary.add(entry.channel, data);
    this.log.append(entry.channel, data, this.#clock.now().getTime());
    if (this.log.hasRoom) entry.half.consume(entry.half.received);
  }
}

/** The outputs this hub process is receiving, by execution. */
export class ExecutionOutputs {
  readonly #byId = new Map<string, ExecutionOutput>();
  readonly #ofAgent = new Map<string, number>();

  get size(): number {
    return this.#byId.size;
  }

  get(executionId: string): ExecutionOutput | undefined {
    return this.#byId.get(executionId);
  }

  /** How many executions an agent has under way. */
  countOf(agentId: string): number {
    return this.#ofAgent.get(agentId) ?? 0;
  }

  add(output: ExecutionOutput): void {
    this.remove(output.executionId);
    this.#byId.set(output.executionId, output);
    this.#ofAgent.set(output.agentId, this.countOf(output.agentId) + 1);
  }

  remove(executionId: string): void {
    const output = this.#byId.get(executionId);
    if (output === undefined) return;
    this.#byId.delete(executionId);
    const left = this.countOf(output.agentId) - 1;
    if (left > 0) this.#ofAgent.set(output.agentId, left);
    else this.#ofAgent.delete(output.agentId);
  }

  all(): ExecutionOutput[] {
    return [...this.#byId.values()];
  }
}
