// Fleet: which agents can be heard right now. A link comes and goes; the streams of an agent outlive it.
// Does not speak MQTT (broker) and does not decide who may use an agent (access).
import type { FrameSink, MuxOptions } from "@sallyport/protocol/stream/mux";
import { StreamMux } from "@sallyport/protocol/stream/mux";
import type { encodeDown } from "@sallyport/protocol/wire";

export type DownBody = Parameters<typeof encodeDown>[0];
export type LinkEnd = "revoked" | "duplicate" | "shutdown" | "stalled" | "flooding" | "silent" | "replaced";

/** One authenticated connection of an agent. Implemented by the broker, and by tests over a pipe. */
export interface AgentLink {
  readonly agentId: string;
  readonly address: string;
  readonly transport: "mqtts" | "wss";
  readonly sink: FrameSink;
  /** Queues a control message, bounded: an agent that does not read is cut, and asks again when it is back. */
  send(body: DownBody): void;
  close(end: LinkEnd): void;
}

export type LinkChange = { agentId: string; online: boolean };
export type RoundTrip = { at: Date; us: number };

/** About a quarter of an hour of heartbeats, for the sparkline. */
const roundTripsKept = 60;

export class AgentLinks {
  readonly #links = new Map<string, AgentLink>();
  readonly #streams = new Map<string, StreamMux>();
  readonly #roundTrips = new Map<string, RoundTrip[]>();
  readonly #listeners = new Set<(change: LinkChange) => void>();
  readonly #onFault: MuxOptions["onFault"];

  constructor(onFault: MuxOptions["onFault"]) {
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#links.size;
  }

  get(agentId: string): AgentLink | undefined {
    return this.#links.get(agentId);
  }

  isOnline(agentId: string): boolean {
    return this.#links.has(agentId);
  }

  all(): AgentLink[] {
    return [...this.#links.values()];
  }

  /** The streams of an agent, link or no link. */
  streamsOf(agentId: string): StreamMux {
    const found = this.#streams.get(agentId);
    if (found !== undefined) return found;
    const mux = new StreamMux({
      onFault: this.#onFault,
      onStray: (frame) => {
        // The hub has forgotten this stream: say so, once per frame, and never answer a CLOSE.
        const sink = this.#links.get(agentId)?.sink;
        if (frame.kind !== "close" && sink?.writable())
          sink.write({ kind: "close", stream: frame.stream, exitCode: null, reason: "unknown" });
      },
    });
    this.#streams.set(agentId, mux);
    return mux;
  }

  /** The agent may be spoken to: its hello has been answered and its streams are in step. */
  attach(link: AgentLink): void {
    const older = this.#links.get(link.agentId);
    this.#links.set(link.agentId, link);
    if (older !== undefined && older !== link) older.close("replaced");
    this.streamsOf(link.agentId).attach(link.sink);
    this.#tell({ agentId: link.agentId, online: true });
  }

  /** The link is gone. Ignored for a link that another has replaced. */
  detach(link: AgentLink): boolean {
    if (this.#links.get(link.agentId) !== link) return false;
    this.#links.delete(link.agentId);
    this.#roundTrips.delete(link.agentId);
    const mux = this.#streams.get(link.agentId);
    mux?.detach();
    if (mux?.size === 0) this.#streams.delete(link.agentId);
    this.#tell({ agentId: link.agentId, online: false });
    return true;
  }

  noteRoundTrip(agentId: string, roundTrip: RoundTrip): void {
    const kept = this.#roundTrips.get(agentId) ?? [];
    kept.push(roundTrip);
    if (kept.length > roundTripsKept) kept.shift();
    this.#roundTrips.set(agentId, kept);
    this.#streams.get(agentId)?.noteRoundTrip(roundTrip.us / 1_000);
  }

  roundTrips(agentId: string): readonly RoundTrip[] {
    return this.#roundTrips.get(agentId) ?? [];
  }

  onChange(listener: (change: LinkChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: LinkChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
