// One agent's link over MQTT: control through the broker's client, frames past it. Bounded in every direction.

import { FramePackets } from "@sallyport/protocol/frame-packets";
import {
  controlQueueBytesMax,
  controlQueueMax,
  stalledLinkMs,
  unansweredPileMax,
  unansweredPileMs,
} from "@sallyport/protocol/limits";
import { encodePublishHeader } from "@sallyport/protocol/mqtt-slicer";
import { decodeFrame, type Frame } from "@sallyport/protocol/stream/frame";
import type { FrameSink } from "@sallyport/protocol/stream/mux";
import { downStreamTopic, downTopic, upStreamTopic, upTopic } from "@sallyport/protocol/topics";
import { encodeDown, WireError } from "@sallyport/protocol/wire";
import type { Client } from "aedes";
import type { AgentLink, DownBody, LinkEnd } from "../fleet/links.ts";
import type { Admission } from "./admission.ts";

export type MqttLinkEvents = {
  onFrame(frame: Frame): void;
  /** The peer does not speak our protocol. */
  onMalformed(error: WireError): void;
};

/** QoS 1 of MQTT 3.1.1 says the same about every message; the topic says who. */
const controlPacket = { cmd: "publish" as const, qos: 1 as const, dup: false, retain: false };

export class MqttLink implements AgentLink {
  readonly agentId: string;
  readonly orgId: string;
  readonly address: string;
  readonly transport: "mqtts" | "wss";
  readonly since: Date;
  readonly sink: FrameSink;
  readonly #client: Client;
  readonly #door: Admission;
  readonly #events: MqttLinkEvents;
  readonly #downTopic: string;
  #waiting = 0;
  #waitingBytes = 0;
  #unanswered = 0;
  #answeredAt = performance.now();
  #flushed = 0;
  #flushedAt = performance.now();
  ended: LinkEnd | null = null;
  /** The checkpoint of the audit chain that this agent was given last, 0 for none. */
  auditSeqSent = 0;

  constructor(agent: { id: string; orgId: string }, since: Date, client: Client, door: Admission, events: MqttLinkEvents) {
    this.agentId = agent.id;
    this.since = since;
    this.orgId = agent.orgId;
    this.address = door.address;
    this.transport = door.transport;
    this.#client = client;
    this.#door = door;
    this.#events = events;
    this.#downTopic = downTopic(agent.id);
    const packets = new FramePackets(downStreamTopic(agent.id));
    this.sink = {
      writable: () => door.hasRoom,
      write: (frame) => packets.send(frame, (packet, done) => door.writePacket(packet, done)),
    };
  }

  /** Frames to this hub process, and heartbeats, come past the broker from now on. */
  beginFrames(node: string): void {
    const topic = upTopic(this.agentId);
    this.#door.takeUnacknowledged(topic, upStreamTopic(this.agentId, node).slice(topic.length));
  }

  onDrain(flush: () => void): void {
    this.#door.onDrain = flush;
  }

  /** A frame's bytes, from the door. */
  receiveFrame(payload: Buffer): void {
    try {
      this.#events.onFrame(decodeFrame(payload));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#events.onMalformed(error);
    }
  }

  /** At QoS 0 and past the broker: for what is worth nothing a moment later. */
  sendUnacknowledged(body: DownBody): void {
    if (this.ended !== null || this.#door.waitingBytes > controlQueueBytesMax) return;
    const payload = encodeDown(body);
    this.#door.writePacket(Buffer.concat([encodePublishHeader(Buffer.from(this.#downTopic), payload.length), payload]), () => {});
  }

  send(body: DownBody): void {
    void this.sendAndWait(body);
  }

  /** Resolves when the message has been handed to the socket, or the link is gone. */
  sendAndWait(body: DownBody): Promise<void> {
    if (this.ended !== null) return Promise.resolve();
    const payload = Buffer.from(encodeDown(body));
    if (this.#waiting >= controlQueueMax || this.#waitingBytes + this.#door.waitingBytes > controlQueueBytesMax) {
      this.close("stalled");
      return Promise.resolve();
    }
    if (this.#unanswered++ === 0) this.#answeredAt = performance.now();
    this.#waiting++;
    this.#waitingBytes += payload.length;
    return new Promise((resolve) => {
      // To this client directly: the broker's emitter would let one frozen agent hold up all others.
      this.#client.publish({ ...controlPacket, topic: this.#downTopic, payload }, () => {
        this.#waiting--;
        this.#waitingBytes -= payload.length;
        resolve();
      });
    });
  }

  /** A PUBACK came. */
  answered(): void {
    if (this.#unanswered > 0) this.#unanswered--;
    this.#answeredAt = performance.now();
  }

  /** Called every two seconds: an agent that leaves our bytes unread, or our messages unanswered, and says nothing is gone, whatever TCP believes. */
  checkProgress(): void {
    const pile = this.#unanswered >= unansweredPileMax && performance.now() - this.#answeredAt > unansweredPileMs;
    if (pile && this.#door.silentMs > unansweredPileMs) this.close("stalled");
    const flushed = this.#door.flushedBytes;
    const now = performance.now();
    if (flushed !== this.#flushed || this.#door.waitingBytes === 0) {
      this.#flushed = flushed;
      this.#flushedAt = now;
    } else if (now - this.#flushedAt > stalledLinkMs && this.#door.silentMs > stalledLinkMs) this.close("stalled");
  }

  get silentMs(): number {
    return this.#door.silentMs;
  }

  get silentMsMax(): number {
    return this.#door.silentMsMax;
  }

  close(end: LinkEnd): void {
    if (this.ended !== null) return;
    this.ended = end;
    this.#client.close();
    this.#door.destroy();
  }
}
