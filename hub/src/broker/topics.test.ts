// What an agent may touch: its own four topics, by name, in their direction. Everything else is refused, and only its own link pays.

import { newId } from "@sallyport/protocol/ids";
import { controlBurst, packetBytesMax } from "@sallyport/protocol/limits";
import { downStreamTopic, downTopic, upStreamTopic, upTopic } from "@sallyport/protocol/topics";
import { decodeDown, encodeUp } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { packet, packetTypes, publishPacket, RawLink, subscribePacket } from "../testing/raw-link.ts";
import type { TestIdentity } from "../testing/test-agent.ts";
import { TestBroker } from "../testing/test-broker.ts";

const refused = 128;
const heartbeat = encodeUp({ heartbeat: { sentUs: 1 } });

let bench: TestBroker;
let one: TestIdentity;
let other: TestIdentity;
let witness: RawLink;
beforeAll(async () => {
  bench = await TestBroker.start();
  [one, other] = [await bench.addAgent(), await bench.addAgent()];
  witness = await RawLink.asAgent(other);
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Another agent, all this time: linked, and told nothing. */
async function expectWitnessUntouched(): Promise<void> {
  expect(await witness.alive()).toBe(true);
  expect(bench.links.isOnline(other.id)).toBe(true);
  expect(witness.packets.filter(({ type, body }) => type === packetTypes.publish && body.includes("secret"))).toEqual([]);
}

describe("the table of what an agent may do", () => {
  const own = () => one.id;
  const names: [string, (id: string) => string][] = [
    ["up", upTopic],
    ["dn", downTopic],
    ["dn/s", downStreamTopic],
    ["up/s/h1", (id) => upStreamTopic(id, "h1")],
    ["up/s/h2", (id) => upStreamTopic(id, "h2")],
    ["up/s/h1x", (id) => upStreamTopic(id, "h1x")],
    ["up/s/", (id) => `${upTopic(id)}/s/`],
    ["up/x", (id) => `${upTopic(id)}/x`],
    ["up/", (id) => `${upTopic(id)}/`],
    ["dn/s/h1", (id) => `${downStreamTopic(id)}/h1`],
    ["bare", (id) => `sp/${id}`],
    ["upper case", (id) => upTopic(id).toUpperCase()],
    ["leading slash", (id) => `/${upTopic(id)}`],
  ];
  const agents: [string, () => string][] = [
    ["its own", own],
    ["another's", () => other.id],
    ["nobody's", () => newId("agt")],
  ];
  const actions = [
    ...[0, 1, 2].map((qos) => ({ action: "subscribe" as const, qos, retain: false })),
    ...[0, 1, 2].map((qos) => ({ action: "publish" as const, qos, retain: false })),
  ];
  const rows = agents.flatMap(([whose, id]) =>
    names.flatMap(([name, topic]) => actions.map((action) => ({ whose, name, id, topic, ...action }))),
  );

  /** Said here a second time, on purpose: not taken from the code under test. */
  const allowed = (row: (typeof rows)[number]): boolean => {
    if (row.whose !== "its own") return false;
    if (row.action === "subscribe") return row.name === "dn" || row.name === "dn/s";
    return row.name === "up" || (row.name === "up/s/h1" && row.qos === 0);
  };

  test(`holds in each of its ${rows.length} rows`, async () => {
    const wrong: string[] = [];
    let link = await RawLink.asAgent(one);
    for (const row of rows) {
      const topic = row.topic(row.id());
      let took: boolean;
      if (row.action === "subscribe") {
        const answer = await link.subscribe([[topic, row.qos]]);
        took = answer !== "closed" && answer[0] !== refused;
      } else {
        const payload = row.name.startsWith("up/s") ? Buffer.from("08011001", "hex") : heartbeat;
        link.write(publishPacket(topic, payload, { qos: row.qos, retain: row.retain }));
        took = await link.alive();
      }
      if (took !== allowed(row))
        wrong.push(`${row.action} QoS ${row.qos} ${row.whose} ${row.name}: ${took ? "taken" : "refused"}`);
      if (link.closed) link = await RawLink.asAgent(one);
    }
    link.destroy();
    expect(wrong).toEqual([]);
    await expectWitnessUntouched();
  });
});

describe("a subscription", () => {
  test("to anything with a wildcard, a share or a system topic is refused with 128", async () => {
    const link = await RawLink.asAgent(one);
    const filters = [
      "#",
      "+/#",
      "sp/#",
      "sp/+/dn",
      `sp/${one.id}/#`,
      `sp/${one.id}/+`,
      "$share/g/sp/+/dn",
      "$SYS/#",
      "$SYS/+/new/clients",
    ];
    for (const filter of filters) {
      const answer = await link.subscribe([[filter, 1]]);
      expect(answer === "closed" || answer[0] === refused, filter).toBe(true);
      if (answer === "closed") link.destroy();
    }
    expect(await link.subscribe([[downTopic(one.id), 1]])).toEqual([1]);
    link.destroy();
  });

  test("with 32,500 levels closes the link and leaves the hub alone", async () => {
    const link = await RawLink.asAgent(one);
    link.write(subscribePacket(3, [["a/".repeat(32_500).slice(0, 65_000), 0]]));
    const answer = await link.next(packetTypes.suback);
    expect(answer === null || answer.body.at(-1) === refused).toBe(true);
    link.destroy();
    await expectWitnessUntouched();
  });
});

describe("a message for another agent's topic", () => {
  let link: RawLink;
  beforeEach(async () => {
    link = await RawLink.asAgent(one);
  });

  test.each([0, 1, 2])("with QoS %i closes the sender's link and nobody else's", async (qos) => {
    link.write(publishPacket(downTopic(other.id), Buffer.from("secret"), { qos }));
    await link.whenClosed();
    await expectWitnessUntouched();
  });

  test("is not kept either: a retained one closes the link", async () => {
    link.write(publishPacket(upTopic(one.id), heartbeat, { retain: true }));
    await link.whenClosed();
    const again = await RawLink.asAgent(one);
    expect(again.packets.filter(({ flags }) => (flags & 1) === 1)).toEqual([]);
    again.destroy();
  });
});

describe("a link that floods", () => {
  let before: number;
  beforeEach(() => {
    before = process.memoryUsage().rss;
  });

  test.each([
    [
      "65,535 unfinished QoS 2 messages",
      (n: number) => publishPacket(upTopic(one.id), heartbeat, { qos: 2, id: (n % 65_535) + 1 }),
    ],
    ["65,535 subscriptions", (n: number) => subscribePacket((n % 65_535) + 1, [[`sp/x/${n}`, 0]])],
    ["65,535 pings", () => packet(packetTypes.pingreq, 0, Buffer.alloc(0))],
    ["65,535 heartbeats", (n: number) => publishPacket(upTopic(one.id), heartbeat, { id: (n % 65_535) + 1 })],
  ])("with %s is closed, and memory stays flat", async (_, make) => {
    const link = await RawLink.asAgent(one);
    for (let n = 0; n < 65_535 && !link.closed; n++) {
      link.write(make(n));
      if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await link.whenClosed();
    expect(link.packets.length).toBeLessThan(2 * controlBurst);
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
    await expectWitnessUntouched();
  });

  test("with a packet above the cap is closed before its bytes are taken", async () => {
    const link = await RawLink.asAgent(one);
    link.write(publishPacket(upTopic(one.id), Buffer.alloc(packetBytesMax)).subarray(0, 64));
    await link.whenClosed();
    await expectWitnessUntouched();
  });

  test.each([
    ["bytes that are no message", Buffer.from("ff".repeat(40), "hex")],
    ["a second hello", Buffer.from(encodeUp({ hello: { protocol: 1, instanceId: "again" } }))],
  ])("or sends %s is closed", async (_, payload) => {
    const link = await RawLink.asAgent(one);
    link.write(publishPacket(upTopic(one.id), payload));
    await link.whenClosed();
    await expectWitnessUntouched();
  });

  test("or speaks before it has said hello is closed", async () => {
    const link = await RawLink.dial(bench.door);
    expect(await link.signIn(one)).toBe(0);
    link.write(publishPacket(upTopic(one.id), heartbeat));
    await link.whenClosed();
  });

  test("with frames for streams that are not there is closed, and gets no more answers than it sent", async () => {
    const link = await RawLink.asAgent(one);
    const frame = publishPacket(upStreamTopic(one.id, "h1"), Buffer.from("08051001", "hex"), { qos: 0 });
    for (let n = 0; n < 3_000 && !link.closed; n++) link.write(frame);
    await link.whenClosed();
    expect(link.packets.filter(({ type }) => type === packetTypes.publish).length).toBeLessThan(1_100);
    await expectWitnessUntouched();
  });

  test("and comes back behaves again", async () => {
    const link = await RawLink.asAgent(one);
    expect(await link.alive()).toBe(true);
    await eventually(
      () => bench.links.isOnline(one.id),
      (online) => online,
    );
    link.destroy();
  });
});

describe("what comes without acknowledgement", () => {
  const linked = async () => {
    const identity = await bench.addAgent();
    return { identity, link: await RawLink.asAgent(identity) };
  };

  test.each([0, 1])("a heartbeat at QoS %i is answered at QoS 0, and tells the round trip", async (qos) => {
    const { identity, link } = await linked();
    await link.next(packetTypes.publish); // the welcome
    link.write(publishPacket(upTopic(identity.id), encodeUp({ heartbeat: { sentUs: 77, roundTripUs: 1_234 } }), { qos, id: 21 }));
    const echo = await link.next(packetTypes.publish);
    expect(echo?.flags).toBe(0);
    const topicBytes = echo?.body.readUInt16BE(0) ?? 0;
    expect(decodeDown(echo?.body.subarray(2 + topicBytes) ?? Buffer.alloc(0))).toMatchObject({
      body: "heartbeatEcho",
      value: { sentUs: 77 },
    });
    expect(bench.links.roundTrips(identity.id).map(({ us }) => us)).toEqual([1_234]);
    link.destroy();
  });

  test.each([
    ["another message", encodeUp({ runPull: { max: 8 } })],
    ["bytes that are no message", Buffer.from("\xff\xff\xff")],
  ])("%s ends the link", async (_, payload) => {
    const { identity, link } = await linked();
    link.write(publishPacket(upTopic(identity.id), payload, { qos: 0 }));
    await link.whenClosed();
    await expectWitnessUntouched();
  });

  test("a flood of heartbeats is counted like every other packet", async () => {
    const { identity, link } = await linked();
    const beat = publishPacket(upTopic(identity.id), heartbeat, { qos: 0 });
    link.write(Buffer.concat(Array.from({ length: controlBurst + 200 }, () => beat)));
    await link.whenClosed();
    await expectWitnessUntouched();
  });

  test("silence ends a link after one and a half of the keepalive it asked for", { retry: 2 }, async () => {
    const identity = await bench.addAgent();
    const link = await RawLink.dial(identity);
    const from = performance.now();
    await link.connect({ clientId: identity.id, username: identity.id, password: link.token(identity), keepaliveSeconds: 2 });
    await link.whenClosed(12_000);
    expect(performance.now() - from).toBeGreaterThan(2_900);
    expect(performance.now() - from).toBeLessThan(6_000); // looked at every two seconds
  });
});
