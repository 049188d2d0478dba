// Fleet: which agents can be heard right now. A link comes and goes; the streams of an agent outlive it.
// Does not speak MQTT (broker) and does not decide who may use an agent (access).
import { heartbeatIntervalMs, largeFleetHeartbeatIntervalMs } from "@sallyport/protocol/limits";
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
  /** When it signed in. Tells this link from others of the same agent. */
  readonly since: Date;
  readonly sink: FrameSink;
  /** Queues a control message, bounded: an agent that does not read is cut, and asks again when it is back. */
  send(body: DownBody): void;
  close(end: LinkEnd): void;
}

/** What an agent process can do beyond its own host, as its hello said. */
export type AgentProcess = {
  /** It opens sessions on neighbours. */
  ssh: boolean;
  /** The host's owner lets it sign in there with a key of the host. */
  ownKey: boolean;
  /** It gives commands on neighbours secrets on stdin. */
  secretLines: boolean;
  /** It runs scripts on neighbours, and scripts with secrets. */
  equip: boolean;
  /** It places files. */
  files: boolean;
  /** It collects artefacts on its own host. */
  artefacts: boolean;
  /** And on neighbours. */
  neighbourArtefacts: boolean;
  /** It checks the approvals of scripts. */
  approvals: boolean;
  /** Its host's owner lets no script run without one. */
  approvedOnly: boolean;
  /** Secrets for it are sealed to this X25519 key, which its identity signed; null when it named none. */
  sealingKey: Buffer | null;
};

export type LinkChange = { agentId: string; online: boolean };
export type RoundTrip = { at: Date; us: number };

/** Links. Up to here heartbeats cost a fiftieth of a core. */
const largeFleet = 2_000;

/** About a quarter of an hour of heartbeats, for the sparkline. */
const roundTripsKept = 60;

/** A ring of numbers: as objects they would be most of what ten thousand quiet agents cost. */
class RoundTrips {
  readonly #atMs = new Float64Array(roundTripsKept);
  readonly #us = new Uint32Array(roundTripsKept);
  #count = 0;

  push({ at, us }: RoundTrip): void {
    this.#atMs[this.#count % roundTripsKept] = at.getTime();
    this.#us[this.#count % roundTripsKept] = us;
    this.#count++;
  }

  all(): RoundTrip[] {
    const from = Math.max(0, this.#count - roundTripsKept);
    return Array.from({ length: this.#count - from }, (_, n) => {
      const slot = (from + n) % roundTripsKept;
      return { at: new Date(this.#atMs[slot] ?? 0), us: this.#us[slot] ?? 0 };
    });
  }
}

export class AgentLinks {
  readonly #links = new Map<string, AgentLink>();
  readonly #streams = new Map<string, StreamMux>();
  readonly #roundTrips = new Map<string, RoundTrips>();
  readonly #processes = new Map<string, AgentProcess>();
  readonly #listeners = new Set<(change: LinkChange) => void>();
  readonly #onFault: MuxOptions["onFault"];

  constructor(onFault: MuxOptions["onFault"]) {
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#links.size;
  }

  /** What agents are asked for: a large fleet's heartbeats are most of what a quiet hub does. */
  get heartbeatIntervalMs(): number {
    return this.#links.size > largeFleet ? largeFleetHeartbeatIntervalMs : heartbeatIntervalMs;
  }

  get(agentId: string): AgentLink | undefined {
    return this.#links.get(agentId);
  }

  /** Of a linked agent. */
  processOf(agentId: string): AgentProcess | undefined {
    return this.#processes.get(agentId);
  }

  noteProcess(agentId: string, process: AgentProcess): void {
    this.#processes.set(agentId, process);
  }

  isOnline(agentId: string): boolean {
    return this.#links.has(agentId);
  }

  all(): AgentLink[] {
    return [...this.#links.values()];
  }

  /** Undefined for an agent that has had none since it linked: most have none, ever. */
  knownStreamsOf(agentId: string): StreamMux | undefined {
    return this.#streams.get(agentId);
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
    for (const { us } of this.roundTrips(agentId).slice(-4)) mux.noteRoundTrip(us / 1_000);
    const link = this.#links.get(agentId);
    if (link !== undefined) mux.attach(link.sink);
    return mux;
  }

  /** The agent may be spoken to: its hello has been answered and its streams are in step. */
  attach(link: AgentLink): void {
    const older = this.#links.get(link.agentId);
    this.#links.set(link.agentId, link);
    if (older !== undefined && older !== link) older.close("replaced");
    this.#streams.get(link.agentId)?.attach(link.sink);
    this.#tell({ agentId: link.agentId, online: true });
  }

  /** The link is gone. Ignored for a link that another has replaced. */
  detach(link: AgentLink): boolean {
    if (this.#links.get(link.agentId) !== link) return false;
    this.#links.delete(link.agentId);
    this.#roundTrips.delete(link.agentId);
    this.#processes.delete(link.agentId);
    const mux = this.#streams.get(link.agentId);
    mux?.detach();
    if (mux?.size === 0) this.#streams.delete(link.agentId);
    this.#tell({ agentId: link.agentId, online: false });
    return true;
  }

  noteRoundTrip(agentId: string, roundTrip: RoundTrip): void {
    let kept = this.#roundTrips.get(agentId);
    if (kept === undefined) {
      kept = new RoundTrips();
      this.#roundTrips.set(agentId, kept);
    }
    kept.push(roundTrip);
    this.#streams.get(agentId)?.noteRoundTrip(roundTrip.us / 1_000);
  }

  /** Oldest first. */
  roundTrips(agentId: string): RoundTrip[] {
    return this.#roundTrips.get(agentId)?.all() ?? [];
  }

  onChange(listener: (change: LinkChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: LinkChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
