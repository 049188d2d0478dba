// An MQTT connection written by hand: what an attacker has. Sends any bytes, reads packets, keeps no rule of its own.
import type { KeyObject } from "node:crypto";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { newId } from "@sallyport/protocol/ids";
import { exporterBytes, exporterLabel, type LinkClaims, signLinkToken } from "@sallyport/protocol/link-token";
import { downStreamTopic, downTopic, upTopic } from "@sallyport/protocol/topics";
import { encodeUp } from "@sallyport/protocol/wire";
import { dialHub, type TestIdentity } from "./test-agent.ts";

export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
} as const;
export type Packet = { type: number; flags: number; body: Buffer };

/** MQTT-2.2: type and flags, remaining length, the rest. */
export function packet(type: number, flags: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push(rest > 127 ? (rest % 128) | 128 : rest);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([(type << 4) | flags, ...length]), body]);
}

const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const number16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

export type ConnectFields = {
  clientId: string;
  username?: string;
  password?: string;
  clean?: boolean;
  will?: { topic: string; payload: string };
  level?: number;
  keepaliveSeconds?: number;
};

export function connectPacket({
  clientId,
  username,
  password,
  clean = true,
  will,
  level = 4,
  keepaliveSeconds = 60,
}: ConnectFields): Buffer {
  const flags =
    (username === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will === undefined ? 0 : 0x04) |
    (clean ? 0x02 : 0);
  const properties = level === 5 ? [Buffer.from([0])] : [];
  return packet(
    packetTypes.connect,
    0,
    Buffer.concat([
      text("MQTT"),
      Buffer.from([level, flags]),
      number16(keepaliveSeconds),
      ...properties,
      text(clientId),
      ...(will === undefined ? [] : [text(will.topic), text(will.payload)]),
      ...(username === undefined ? [] : [text(username)]),
      ...(password === undefined ? [] : [text(password)]),
    ]),
  );
}

export const subscribePacket = (id: number, filters: [topic: string, qos: number][]): Buffer =>
  packet(
    packetTypes.subscribe,
    2,
    Buffer.concat([number16(id), ...filters.flatMap(([topic, qos]) => [text(topic), Buffer.from([qos])])]),
  );

export function publishPacket(
  topic: string,
  payload: Uint8Array,
  { qos = 1, retain = false, id = 1 }: { qos?: number; retain?: boolean; id?: number } = {},
): Buffer {
  return packet(
    packetTypes.publish,
    (qos << 1) | (retain ? 1 : 0),
    Buffer.concat([text(topic), ...(qos === 0 ? [] : [number16(id)]), payload]),
  );
}

export class RawLink {
  readonly stream: Duplex;
  readonly tls: TLSSocket;
  readonly packets: Packet[] = [];
  closed = false;
  #bytes = Buffer.alloc(0);
  #watchers = new Set<() => void>();

  constructor(stream: Duplex, tls: TLSSocket) {
    this.stream = stream;
    this.tls = tls;
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.on("error", () => {});
    for (const event of ["end", "close"])
      stream.on(event, () => {
        this.closed = true;
        this.#look();
      });
  }

  /** TLS to the agents' port, nothing said yet. */
  static async dial(to: Pick<TestIdentity, "hubId" | "port" | "caPem">): Promise<RawLink> {
    const socket = await dialHub(to);
    return new RawLink(socket, socket);
  }

  /** Signed in, subscribed, greeted: an agent as far as the hub can tell. */
  static async asAgent(identity: TestIdentity): Promise<RawLink> {
    const link = await RawLink.dial(identity);
    const code = await link.signIn(identity);
    if (code !== 0) throw new Error(`CONNACK ${code}`);
    await link.subscribe([
      [downTopic(identity.id), 1],
      [downStreamTopic(identity.id), 0],
    ]);
    await link.greet(identity.id);
    return link;
  }

  /** A token for this very connection. */
  token(identity: TestIdentity, claims: Partial<LinkClaims> = {}, key: KeyObject = identity.privateKey): string {
    return signLinkToken(
      { agentId: identity.id, hubId: identity.hubId, issuedAtMs: Date.now(), binding: this.binding, ...claims },
      key,
    );
  }

  get binding(): Buffer {
    return this.tls.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0));
  }

  /** CONNACK's return code, or "closed". */
  async connect(fields: ConnectFields): Promise<number | "closed"> {
    this.write(connectPacket(fields));
    const answer = await this.next(packetTypes.connack);
    return answer === null ? "closed" : (answer.body[1] ?? -1);
  }

  signIn(identity: TestIdentity): Promise<number | "closed"> {
    return this.connect({ clientId: identity.id, username: identity.id, password: this.token(identity) });
  }

  /** Granted QoS of each filter, or "closed". */
  async subscribe(filters: [topic: string, qos: number][]): Promise<number[] | "closed"> {
    this.write(subscribePacket(7, filters));
    const answer = await this.next(packetTypes.suback);
    return answer === null ? "closed" : [...answer.body.subarray(2)];
  }

  /** Says hello and waits until the hub has taken it. */
  async greet(agentId: string): Promise<void> {
    const hello = { protocol: 1, agentVersion: "0.0.0-raw", instanceId: newId("inst"), agentTimeMs: Date.now() };
    this.write(publishPacket(upTopic(agentId), encodeUp({ hello }), { id: 9 }));
    if ((await this.next(packetTypes.puback)) === null) throw new Error("closed instead of welcomed");
  }

  write(bytes: Uint8Array): void {
    if (!this.stream.destroyed) this.stream.write(bytes);
  }

  /** Takes the next packet of a type; null when the connection closed before one came. */
  async next(type: number, withinMs = 8_000): Promise<Packet | null> {
    await this.until(() => this.closed || this.packets.some((one) => one.type === type), `a packet of type ${type}`, withinMs);
    const at = this.packets.findIndex((one) => one.type === type);
    return at < 0 ? null : (this.packets.splice(at, 1)[0] ?? null);
  }

  whenClosed(withinMs = 8_000): Promise<void> {
    return this.until(() => this.closed, "the connection to close", withinMs);
  }

  /** True when the hub still answers a PINGREQ. */
  async alive(): Promise<boolean> {
    this.write(packet(packetTypes.pingreq, 0, Buffer.alloc(0)));
    return (await this.next(packetTypes.pingreq + 1)) !== null;
  }

  until(condition: () => boolean, what: string, withinMs = 8_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited ${withinMs} ms for ${what}`));
      }, withinMs);
      const look = () => {
        if (!condition()) return;
        clearTimeout(deadline);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  destroy(): void {
    this.stream.destroy();
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let taken = this.#takePacket(); taken !== null; taken = this.#takePacket()) this.packets.push(taken);
    this.#look();
  }

  /** The packet at the head of what was read, if it is all there. */
  #takePacket(): Packet | null {
    let length = 0;
    for (let at = 1; at <= 4; at++) {
      const byte = this.#bytes[at];
      if (byte === undefined) return null;
      length += (byte & 127) * 128 ** (at - 1);
      if (byte > 127) continue;
      const end = at + 1 + length;
      if (this.#bytes.length < end) return null;
      const first = this.#bytes[0] ?? 0;
      const taken = { type: first >> 4, flags: first & 15, body: this.#bytes.subarray(at + 1, end) };
      this.#bytes = this.#bytes.subarray(end);
      return taken;
    }
    return null;
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
