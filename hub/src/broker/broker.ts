// Broker: aedes behind our door. It holds MQTT's rules; who may link, what a link may touch and what messages mean is decided here and in the rooms.

import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { connectDeadlineMs, stalledLinkMs } from "@sallyport/protocol/limits";
import { downStreamTopic, downTopic, upTopic } from "@sallyport/protocol/topics";
import { decodeUp, WireError } from "@sallyport/protocol/wire";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { writeToStream } from "mqtt-packet";
import { recordAudit } from "../audit/record-audit.ts";
import type { LinkingAgent } from "../fleet/link-rows.ts";
import { onUnlinked } from "../fleet/on-hello.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields, type Log } from "../platform/log.ts";
import { Admission } from "./admission.ts";
import { type DispatchDeps, dispatch, onHeartbeat } from "./dispatch.ts";
import { MqttLink } from "./mqtt-link.ts";
import { type LinkedDeps, onLinked } from "./on-linked.ts";
import { signInAgent } from "./sign-in-agent.ts";

export type BrokerDeps = LinkedDeps & DispatchDeps & { log: Log; perAddressMax: number };

/** Connections that have not signed in, in all: a storm of honest agents passes in seconds, a flood stays outside. */
const strangersMax = 500;
/** When the hub goes down in order, agents come back within this time; somebody may be waiting at a terminal. */
const soonMs = 2_000;
/** Those that only wait for work spread out, as fast as the hub lets them in: some 200 a second. */
const comeBackEachMs = 5;
/** Frames for streams that nobody knows: a few cross a close, hundreds are an attack. */
const strayFramesMax = 1_000;

type Signed = { agent: LinkingAgent; link: MqttLink; greeted: boolean; work: Promise<void> };

// Aedes writes packet numbers from a table of 65,536 ready-made buffers: 12 MB, for what takes no time.
writeToStream.cacheNumbers = false;

export class Broker {
  readonly #deps: BrokerDeps;
  readonly #aedes: Aedes;
  readonly #signed = new Map<Client, Signed>();
  readonly #doors = new Set<Admission>();
  readonly #strangers = new Map<string, number>();
  #strangerCount = 0;
  readonly #watch: NodeJS.Timeout;

  private constructor(deps: BrokerDeps, aedes: Aedes) {
    this.#deps = deps;
    this.#aedes = aedes;
    this.#wire();
    this.#watch = setInterval(() => this.#checkLinks(), 2_000).unref();
  }

  static async create(deps: BrokerDeps): Promise<Broker> {
    const aedes = await Aedes.createBroker({
      concurrency: 0, // its queue recurses to a crash when a frozen client drains late
      drainTimeout: stalledLinkMs,
      connectTimeout: connectDeadlineMs,
      queueLimit: 42, // packets before CONNECT completes
      maxClientsIdLength: 28,
    });
    return new Broker(deps, aedes);
  }

  get perAddressMax(): number {
    return this.#deps.perAddressMax;
  }

  get connections(): number {
    return this.#doors.size;
  }

  /**
   * Room for one more connection of this address that has not signed in? Asked before TLS, which is the expensive part.
   * The returned function gives the place back; it may be called more than once.
   */
  reserve(address: string): (() => void) | null {
    const ofAddress = this.#strangers.get(address) ?? 0;
    if (this.#strangerCount >= strangersMax || ofAddress >= this.#deps.perAddressMax) return null;
    this.#strangerCount++;
    this.#strangers.set(address, ofAddress + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#strangerCount--;
      const left = (this.#strangers.get(address) ?? 1) - 1;
      if (left === 0) this.#strangers.delete(address);
      else this.#strangers.set(address, left);
    };
  }

  /** Takes a connection in. @param release gives back the place among strangers once it has signed in or gone. */
  admit(socket: Duplex, from: { address: string; transport: "mqtts" | "wss"; tls: TLSSocket }, release: () => void): void {
    let client: Client | null = null;
    let strays = 0;
    const door = new Admission(socket, {
      ...from,
      onFrame: (payload) => {
        const signed = client === null ? undefined : this.#signed.get(client);
        if (signed === undefined || !signed.greeted) return; // frames before the welcome belong to nothing
        signed.link.receiveFrame(payload);
        if ((this.#deps.fleet.links.knownStreamsOf(signed.agent.id)?.size ?? 0) === 0 && ++strays > strayFramesMax)
          signed.link.close("flooding");
      },
      onControl: (payload) => {
        const signed = client === null ? undefined : this.#signed.get(client);
        if (signed !== undefined) this.#receiveHeartbeat(signed, payload);
      },
      onFault: (fault) => this.#deps.log.info({ address: from.address, fault }, "agent connection dropped"),
    });
    this.#doors.add(door);
    door.once("close", () => {
      this.#doors.delete(door);
      release();
    });
    door.once("signed-in", release);
    client = this.#aedes.handle(door);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    const { links } = this.#deps.fleet;
    const spreadMs = Math.max(soonMs, links.size * comeBackEachMs);
    for (const { link } of this.#signed.values()) {
      const busy = (links.knownStreamsOf(link.agentId)?.size ?? 0) > 0;
      link.send({ goaway: { afterMs: busy ? soonMs : spreadMs, reason: "shutdown" } });
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // lets the goodbyes reach the sockets
    for (const door of this.#doors) door.destroy();
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  #wire(): void {
    const aedes = this.#aedes;
    aedes.preConnect = (client, packet, done) => {
      if (client.conn instanceof Admission) client.conn.connectArrived(packet.keepalive ?? 0);
      packet.keepalive = 0; // watched below: the library does not see what goes past it
      // Clean sessions only, no wills: nothing of an agent outlives its link in the broker.
      const allowed = packet.clean === true && packet.will === undefined && packet.clientId !== "";
      if (!allowed) this.#deps.log.info({ address: addressOf(client) }, "agent connection refused: session or will asked for");
      done(null, allowed);
      if (!allowed) client.conn.destroy();
    };
    aedes.authenticate = (client, username, password, done) => {
      this.#signIn(client, username ?? "", password?.toString() ?? "").then(
        (refusal) =>
          refusal === null
            ? done(null, true)
            : done(Object.assign(new Error("refused"), { returnCode: refusal }) as AuthenticateError, null),
        (error: unknown) => {
          this.#deps.log.error(errorFields(error), "agent sign-in failed");
          done(Object.assign(new Error("unavailable"), { returnCode: 3 }) as AuthenticateError, null);
        },
      );
    };
    aedes.authorizeSubscribe = (client, subscription, done) => {
      const agentId = this.#signed.get(client)?.agent.id;
      const own =
        agentId !== undefined && (subscription.topic === downTopic(agentId) || subscription.topic === downStreamTopic(agentId));
      done(null, own ? subscription : null); // null: SUBACK 128
    };
    aedes.authorizePublish = (client, packet, done) => {
      const signed = client === null ? undefined : this.#signed.get(client);
      if (signed === undefined || packet.topic !== upTopic(signed.agent.id) || packet.retain) {
        done(new Error("not your topic"));
        return;
      }
      const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
      // One message at a time per agent, in order; PUBACK only when it is done.
      signed.work = signed.work.then(() => this.#receive(signed, payload));
      signed.work.then(
        () => done(null),
        () => done(new Error("refused")),
      );
    };
    aedes.authorizeForward = (client, packet) => (packet.topic === downTopic(client.id) ? packet : null);
    aedes.on("ack", (_packet, client) => this.#signed.get(client)?.link.answered());
    aedes.on("clientDisconnect", (client) => this.#unlink(client));
    aedes.on("clientError", (client) => this.#unlink(client));
  }

  async #signIn(client: Client, username: string, password: string): Promise<2 | 3 | 4 | 5 | null> {
    const door = client.conn;
    if (!(door instanceof Admission)) return 5;
    const { fleet, hubId, log } = this.#deps;
    const result = await signInAgent(
      { linkRows: fleet.linkRows, hubId },
      { clientId: client.id, username, password, binding: door.binding },
    );
    if (!result.ok) {
      log.info({ address: door.address, code: result.code }, "agent refused");
      if (result.agent !== null) await this.#auditRefusal(result.agent, door.address, result.code);
      return result.returnCode;
    }
    const { agent } = result;
    const streams = () => fleet.links.streamsOf(agent.id);
    const link: MqttLink = new MqttLink(agent, fleet.clock.now(), client, door, {
      onFrame: (frame) => streams().receive(frame),
      onMalformed: (error) => {
        log.warn({ agent: agent.id, error: error.message }, "agent sent a frame that is none");
        link.close("flooding");
      },
    });
    this.#signed.set(client, { agent, link, greeted: false, work: Promise.resolve() });
    door.emit("signed-in");
    return null;
  }

  /** A known key that was revoked: worth a record, once an hour. */
  readonly #auditedAt = new Map<string, number>();
  async #auditRefusal(agent: LinkingAgent, address: string, code: string): Promise<void> {
    const now = Date.now();
    if (now - (this.#auditedAt.get(agent.id) ?? 0) < 3_600_000) return;
    if (this.#auditedAt.size > 10_000) this.#auditedAt.clear();
    this.#auditedAt.set(agent.id, now);
    await this.#deps.fleet.db.transaction((tx) =>
      recordAudit(tx, {
        kind: "agent.link-refused",
        orgId: agent.orgId,
        actor: null,
        subject: { kind: "agent", id: agent.id, name: agent.name },
        ip: address,
        data: { code },
      }),
    );
  }

  /** What comes at QoS 0 is taken at once and waits for nothing, so nothing can pile up: heartbeats, and no other message. */
  #receiveHeartbeat({ link, agent }: Signed, payload: Buffer): void {
    try {
      const message = decodeUp(payload);
      if (link.ended !== null || message === null) return;
      if (message.body !== "heartbeat") throw new WireError(`${message.body} at QoS 0`);
      onHeartbeat(this.#deps, link, message.value);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#deps.log.warn({ agent: agent.id, error: error.message }, "agent message refused");
      link.close("flooding");
    }
  }

  async #receive(signed: Signed, payload: Buffer): Promise<void> {
    const { link, agent } = signed;
    try {
      const message = decodeUp(payload);
      if (message === null || link.ended !== null) return;
      if (message.body === "hello") {
        if (signed.greeted) throw new WireError("a second hello on one link");
        signed.greeted = true;
        await onLinked(this.#deps, agent, link, message.value);
      } else if (!signed.greeted) throw new WireError(`${message.body} before hello`);
      else await dispatch(this.#deps, link, message);
    } catch (error) {
      if (error instanceof WireError) {
        this.#deps.log.warn({ agent: agent.id, error: error.message }, "agent message refused");
        link.close("flooding");
        throw error;
      }
      // Ours to mend: without a PUBACK the agent comes back and says it again.
      this.#deps.log.error({ agent: agent.id, ...errorFields(error) }, "agent message failed");
      if (!(error instanceof HubError)) link.close("silent");
      throw error;
    }
  }

  #unlink(client: Client): void {
    const signed = this.#signed.get(client);
    if (signed === undefined) return;
    this.#signed.delete(client);
    const { fleet, log } = this.#deps;
    signed.link.ended ??= "silent";
    if (!fleet.links.detach(signed.link)) return;
    log.info({ agent: signed.agent.id, end: signed.link.ended }, "agent unlinked");
    onUnlinked(fleet, signed.agent, signed.link).catch((error: unknown) =>
      log.error({ agent: signed.agent.id, ...errorFields(error) }, "unlink not stored"),
    );
  }

  #checkLinks(): void {
    for (const { link } of this.#signed.values()) {
      link.checkProgress();
      if (link.silentMs > link.silentMsMax) link.close("silent");
    }
  }
}

const addressOf = (client: Client): string => (client.conn instanceof Admission ? client.conn.address : "unknown");
