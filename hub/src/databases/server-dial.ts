// A connection of the hub's own to the database server of an asset, through an agent of its zone, as a stream that drivers can be put on.
// No person's session: whoever asks has decided that it may be, and puts on record what it is used for.
//
//   agent ══ stream ══► window (1 MiB)     ──► Readable ──► driver      not read: nothing more comes
//   agent ◄══ stream ══ input ring (2 MiB) ◄── Writable ◄── driver      ring half full: the driver waits
import { Duplex } from "node:stream";
import { newId } from "@sallyport/protocol/ids";
import type { AssetInZone } from "../assets/assets.ts";
import type { AgentRow } from "../fleet/schema.ts";
import { asNotReached } from "../neighbours/not-reached.ts";
import { HubError } from "../platform/errors.ts";
import { throughAgent } from "../sessions/choose-agent.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { LiveDial } from "../sessions/live-dial.ts";

export type DialDeps = Pick<SessionDeps, "db" | "links" | "orders">;

/** The agent's own host is reached by its loopback address, which its order allows; of a neighbour none is allowed. */
export const ownHost = "127.0.0.1";
/** A link that is lost ends the connection: a statement that was underway is asked for again, not waited for. */
const keepSeconds = 1;
/** The input ring drops what it has no room for, so nothing is put there in larger pieces than it always has room for. */
const pieceBytes = 64 * 1024;
/** Before the other side says goodbye itself, once we have. */
const goodbyeMs = 1_000;

/**
 * Resolves once the connection stands. The agents of the zone are tried in turn.
 *
 * @param options.greetingBytes that may come before {@link ServerDial.allow} says how many.
 * @throws HubError `agent-offline`, `not-reached`, `agent-refused` with the agent's reason.
 */
export function dialServer(
  deps: DialDeps,
  target: AssetInZone,
  { port, greetingBytes }: { port: number; greetingBytes: number },
): Promise<ServerDial> {
  return throughAgent(deps, target, "dial", (agent) => open(deps, target, agent, { port, greetingBytes }));
}

async function open(
  { links, orders }: DialDeps,
  target: AssetInZone,
  agent: AgentRow,
  { port, greetingBytes }: { port: number; greetingBytes: number },
): Promise<ServerDial> {
  const { asset } = target;
  const isOwnHost = target.agent !== null;
  const where = isOwnHost ? { host: ownHost, allowed: [ownHost] } : { host: asset.address, allowed: [] };
  const sessionId = newId("ses");
  const opened: { dial: ServerDial | null } = { dial: null };
  try {
    await orders.send(agent.id, { openDial: { ...where, sessionId, port, keepSeconds } }, (stream) => {
      const dial = new ServerDial({ id: sessionId, orgId: asset.orgId, agentId: agent.id, port, stream });
      const stopListening = links.onChange(({ agentId, online }) => {
        if (agentId === agent.id && !online) dial.destroy(lost(asset.name));
      });
      dial.once("close", stopListening);
      dial.on("error", () => {}); // whoever uses it hears of it by its driver
      dial.allow(greetingBytes); // a server may speak first, before the agent's word that the connection stands
      dial.live.join(links.streamsOf(agent.id));
      opened.dial = dial;
    });
  } catch (error) {
    opened.dial?.destroy();
    throw asNotReached(error, asset);
  }
  if (opened.dial === null) throw new HubError("internal", "The order was accepted without a stream.");
  if (opened.dial.destroyed) throw lost(asset.name);
  opened.dial.live.start();
  return opened.dial;
}

/** As the drivers say it; failures.ts knows it. */
export const closedError = (): Error => Object.assign(new Error("The connection was closed."), { code: "CONNECTION_CLOSED" });

const lost = (asset: string): HubError =>
  new HubError("not-reached", `The link to the agent was lost while ${asset} was being talked to.`, {
    facts: { asset, reason: "agent-lost" },
  });

/**
 * The stream. How many bytes may still come is said by {@link ServerDial.allow}, and more end it: drivers gather a message until it is whole,
 * and a server may announce one of gigabytes.
 */
export class ServerDial extends Duplex {
  readonly live: LiveDial;
  #allowedBytes = 0;
  /** Pieces that the reader has not asked for yet: at most a window's worth, since the agent gets no credit for them. */
  #untaken: (() => void)[] = [];
  #onRoom: (() => void) | null = null;
  #goodbye: NodeJS.Timeout | null = null;

  constructor(options: { id: string; orgId: string; agentId: string; port: number; stream: number }) {
    super({ allowHalfOpen: false });
    this.live = new LiveDial({
      ...options,
      userId: "",
      client: {
        send: (data, taken) => this.#receive(data, taken),
        endOutput: () => this.push(null),
        onRoom: () => {
          const go = this.#onRoom;
          this.#onRoom = null;
          go?.();
        },
        onClosed: () => {},
      },
      onClosed: () => {
        if (!this.destroyed) this.push(null);
      },
    });
  }

  /** So that drivers written for sockets know whether to say goodbye. */
  get readyState(): "open" | "closed" {
    return this.destroyed || this.writableEnded ? "closed" : "open";
  }

  /** From now on so many bytes may come. */
  allow(bytes: number): void {
    this.#allowedBytes = bytes;
  }

  #receive(data: Uint8Array, taken: () => void): void {
    this.#allowedBytes -= data.length;
    if (this.#allowedBytes < 0) {
      taken();
      this.destroy(new HubError("too-large", "The server sent more than was asked for, so it was not listened to any longer."));
      return;
    }
    // A copy: the link's memory goes on to other streams.
    if (this.push(Buffer.from(data))) taken();
    else this.#untaken.push(taken);
  }

  override _read(): void {
    for (const taken of this.#untaken.splice(0)) taken();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const next = (from: number): void => {
      if (from >= chunk.length) return void done();
      const goOn = () => next(from + pieceBytes);
      if (this.live.write(chunk.subarray(from, from + pieceBytes))) goOn();
      else this.#onRoom = goOn;
    };
    next(0);
  }

  override _final(done: () => void): void {
    this.live.endInput();
    this.#goodbye = setTimeout(() => this.destroy(), goodbyeMs).unref();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#goodbye !== null) clearTimeout(this.#goodbye);
    for (const taken of this.#untaken.splice(0)) taken();
    this.#onRoom = null;
    this.live.close("done");
    done(error);
  }
}
