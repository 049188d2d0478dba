// The golden vectors, through the hub's own doors: what the protocol's file promises, this hub takes and gives.
import { createPublicKey } from "node:crypto";
import { MqttSlicer } from "@sallyport/protocol/mqtt-slicer";
import { checkOrder } from "@sallyport/protocol/orders";
import { decodeFrame } from "@sallyport/protocol/stream/frame";
import { decodeTerminalData } from "@sallyport/protocol/terminal-socket";
import { downStreamTopic, downTopic, upStreamTopic, upTopic } from "@sallyport/protocol/topics";
import vectors from "@sallyport/protocol/vectors/wire.json" with { type: "json" };
import { decodeUp } from "@sallyport/protocol/wire";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentPublicKey } from "../fleet/enrol-agent.ts";
import { enrol } from "../fleet/input.ts";
import { LinkRows } from "../fleet/link-rows.ts";
import { eventually } from "../testing/eventually.ts";
import { packet, packetTypes, publishPacket, RawLink } from "../testing/raw-link.ts";
import { TestBroker } from "../testing/test-broker.ts";
import { signInAgent } from "./sign-in-agent.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const raw = (hex: string) => bytes(hex).toString("base64");

let bench: TestBroker;
beforeAll(async () => {
  bench = await TestBroker.start();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe("the golden link token", () => {
  const { agentId, hubId, agentPublicKey: key, token, binding } = vectors.linkToken;
  const signIn = (more: object = {}) =>
    signInAgent(
      { linkRows: new LinkRows(drizzle(bench.sql)), hubId },
      { clientId: agentId, username: agentId, password: token, binding: bytes(binding), ...more },
    );

  test("signs its agent in, on its connection only", async () => {
    expect(await signIn()).toMatchObject({ ok: false, code: "unknown-agent", returnCode: 4 });
    await bench.addAgent({ id: agentId, publicKey: raw(key) });
    expect(await signIn()).toMatchObject({ ok: true, agent: { id: agentId } });
    expect(await signIn({ binding: Buffer.alloc(32) })).toMatchObject({ ok: false, code: "wrong-connection", returnCode: 4 });
    expect(await signIn({ clientId: "agt_000000000000000000000000" })).toMatchObject({ ok: false, returnCode: 2 });
    await bench.sql`update agents set revoked_at = now() where id = ${agentId}`;
    expect(await signIn()).toMatchObject({ ok: false, code: "revoked", returnCode: 5 });
  });

  test("belongs to a key that an enrolment may name", () => {
    const given = { token: "spt_x", hostname: "h", publicKey: raw(key), proof: Buffer.alloc(64).toString("base64") };
    expect(enrol.safeParse(given).success).toBe(true);
    expect(
      agentPublicKey(raw(key)).equals(
        createPublicKey({ key: Buffer.concat([bytes("302a300506032b6570032100"), bytes(key)]), format: "der", type: "spki" }),
      ),
    ).toBe(true);
  });
});

test("golden control messages are what an agent may say after its hello", async () => {
  const identity = await bench.addAgent();
  const link = await RawLink.asAgent(identity);
  for (const { body, bytes: said } of vectors.up) {
    expect(decodeUp(bytes(said))?.body).toBe(Object.keys(body)[0]);
    link.write(publishPacket(upTopic(identity.id), bytes(said)));
    expect(await link.next(packetTypes.puback)).not.toBeNull();
  }
  expect(await link.alive()).toBe(true);
  link.destroy();
});

test("a message from a later agent is passed over and the link stands", async () => {
  const identity = await bench.addAgent();
  const link = await RawLink.asAgent(identity);
  const unknown = bytes("a2060408011201"); // field 100, length-delimited
  expect(decodeUp(unknown)).toBeNull();
  link.write(publishPacket(upTopic(identity.id), unknown));
  expect(await link.next(packetTypes.puback)).not.toBeNull();
  expect(await link.alive()).toBe(true);
  link.destroy();
});

test("golden frames come through the door whole, whatever the network cuts them into", () => {
  const agentId = vectors.linkToken.agentId;
  const seen: string[] = [];
  const passed: Buffer[] = [];
  const slicer = new MqttSlicer(
    { pass: (part) => passed.push(Buffer.from(part)), frame: (payload) => seen.push(payload.toString("hex")) },
    { expectConnect: false },
  );
  slicer.takeFrames(upStreamTopic(agentId, "h1"));
  const ping = packet(packetTypes.pingreq, 0, Buffer.alloc(0));
  const all = Buffer.concat(
    vectors.frames.flatMap(({ bytes: frame }) => [publishPacket(upStreamTopic(agentId, "h1"), bytes(frame), { qos: 0 }), ping]),
  );
  for (let at = 0; at < all.length; at += 7) expect(slicer.push(all.subarray(at, at + 7))).toBeNull();
  expect(seen).toEqual(vectors.frames.map(({ bytes: frame }) => frame));
  expect(Buffer.concat(passed)).toHaveLength(ping.length * vectors.frames.length);
});

test("golden frames to an agent leave the hub in the bytes that they are", async () => {
  const identity = await bench.addAgent();
  const link = await RawLink.asAgent(identity);
  const linked = await eventually(
    () => bench.links.get(identity.id),
    (found) => found !== undefined,
  );
  for (const { bytes: frame } of vectors.frames) linked?.sink.write(decodeFrame(bytes(frame)));
  const frames = () =>
    link.packets.filter(
      ({ type, flags, body }) => type === packetTypes.publish && flags === 0 && body.includes(downStreamTopic(identity.id)),
    );
  await link.until(() => frames().length === vectors.frames.length, "the frames");
  const topicBytes = 2 + downStreamTopic(identity.id).length;
  expect(frames().map(({ body }) => body.subarray(topicBytes).toString("hex"))).toEqual(
    vectors.frames.map(({ bytes: frame }) => frame),
  );
  link.destroy();
});

test("an order signed by this hub holds as the golden one does", async () => {
  const identity = await bench.addAgent();
  const { sequence, signed } = await bench.orders.sign(identity.id, { openShell: { sessionId: "ses_x", columns: 80, rows: 24 } });
  const key = createPublicKey(bench.signingKey);
  expect(checkOrder(signed, identity.id, key, Date.now())).toMatchObject({ ok: true, order: { sequence } });
  expect(checkOrder(signed, vectors.order.order.agentId, key, Date.now())).toEqual({ ok: false, code: "wrong-agent" });
  const golden = { order: bytes(vectors.order.bytes), signature: bytes(vectors.order.signature) };
  expect(checkOrder(golden, vectors.order.order.agentId, key, vectors.order.order.issuedAtMs)).toEqual({
    ok: false,
    code: "bad-signature",
  });
  const sequences = await Promise.all(
    Array.from({ length: 250 }, () => bench.orders.sign(identity.id, {}).then((made) => made.sequence)),
  );
  expect(new Set([sequence, ...sequences]).size).toBe(251);
  expect(Math.min(...sequences)).toBeGreaterThan(sequence);
});

test("golden topics are an agent's own, or nobody's", async () => {
  const identity = await bench.addAgent();
  const own = (topic: string) => topic.replaceAll(vectors.linkToken.agentId, identity.id);
  const link = await RawLink.asAgent(identity);
  for (const { topic, is } of vectors.topics) {
    const answer = await link.subscribe([[own(topic), 1]]);
    const allowed = is?.kind === "down" || is?.kind === "down-stream";
    expect(answer, topic).toEqual([allowed ? 1 : 128]);
  }
  expect(own(`sp/${vectors.linkToken.agentId}/dn`)).toBe(downTopic(identity.id));
  link.destroy();
});

test("golden terminal data is what a window may send", () => {
  for (const { offset, data, bytes: message } of vectors.terminalData) {
    const decoded = decodeTerminalData(bytes(message));
    expect(decoded?.offset).toBe(offset);
    expect(Buffer.from(decoded?.data ?? []).toString("hex")).toBe(data);
  }
});
