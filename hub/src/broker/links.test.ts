// Links through a whole hub: revoked, doubled, over WSS, and frames that do not belong.

import { readFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import tls from "node:tls";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { encodeFrame, type Frame } from "@sallyport/protocol/stream/frame";
import { downStreamTopic, downTopic, upStreamTopic } from "@sallyport/protocol/topics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket, { createWebSocketStream } from "ws";
import { eventually } from "../testing/eventually.ts";
import { packetTypes, publishPacket, RawLink } from "../testing/raw-link.ts";
import { TestAgent } from "../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

type AgentShape = { id: string; state: string; transport: string; assetId: string; duplicate: { addresses: string[] } | null };
const shown = (agent: TestAgent) => admin.query<AgentShape>("fleet.agent", { id: agent.id });
const terminalOn = async (agent: TestAgent): Promise<TestTerminal> => admin.openTerminal((await shown(agent)).assetId);

describe("a revoked agent", () => {
  test("loses its link within a second, its terminal with the reason, and cannot come back", { retry: 2 }, async () => {
    const agent = await hub.enrolAgent();
    const terminal = await terminalOn(agent);
    const gone = new Promise<void>((resolve) => agent.socket?.once("close", () => resolve()));
    const from = performance.now();
    await admin.mutate("fleet.revokeAgent", { id: agent.id, reason: "stolen" });
    await gone;
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await terminal.ended()).toMatchObject({ reason: "agent-revoked" });
    const session = await admin.query("sessions.get", { id: terminal.sessionId });
    expect(session).toMatchObject({ state: "ended", endReason: "agent-revoked" });
    const link = await RawLink.dial(agent.identity);
    expect(await link.signIn(agent.identity)).toBe(5); // MQTT-3.2.2.3: not authorised
    expect(await shown(agent)).toMatchObject({ state: "revoked" });
    expect(await admin.refusal(admin.mutate("runs.create", runOn((await shown(agent)).assetId)))).toBe("agent-revoked");
  });

  test("that was only signing in is refused all the same", async () => {
    const agent = await hub.enrolAgent();
    agent.stop();
    const link = await RawLink.dial(agent.identity);
    expect(await link.signIn(agent.identity)).toBe(0);
    await admin.mutate("fleet.revokeAgent", { id: agent.id });
    await link.subscribe([[downTopic(agent.id), 1]]);
    await link.greet(agent.id).catch(() => {});
    await link.whenClosed();
    expect(await shown(agent)).toMatchObject({ state: "revoked" });
  });

  test("may be revoked twice; the first revocation stands", async () => {
    const agent = await hub.enrolAgent();
    await admin.mutate("fleet.revokeAgent", { id: agent.id, reason: "first" });
    await admin.mutate("fleet.revokeAgent", { id: agent.id, reason: "second" });
    const { items } = await admin.query<{ items: { data: { reason: string } }[] }>("audit.list", {
      subjectId: agent.id,
      kind: "agent.revoked",
    });
    expect(items.map(({ data }) => data.reason)).toEqual(["first"]);
  });
});

const runOn = (assetId: string) => ({ assetIds: [assetId], script: "true", interpreter: "sh" });

describe("one key used by two processes", () => {
  test("is noticed when the first comes back, shown on the agent and recorded", async () => {
    const agent = await hub.enrolAgent();
    const clone = new TestAgent(agent.identity, {});
    await clone.link();
    expect((await shown(agent)).duplicate).toBeNull(); // a restarted agent looks like this too
    await agent.link();
    expect((await shown(agent)).duplicate).toMatchObject({ addresses: ["127.0.0.1"] });
    const { total } = await admin.query<{ total: number }>("audit.list", { subjectId: agent.id, kind: "agent.duplicate-seen" });
    expect(total).toBe(1);
    clone.stop();
    agent.stop();
  });

  test("an agent that only restarts is no duplicate", async () => {
    const agent = await hub.enrolAgent();
    for (let n = 0; n < 3; n++) {
      agent.cut();
      await agent.link();
    }
    const restarted = new TestAgent(agent.identity, {});
    await restarted.link();
    expect((await shown(agent)).duplicate).toBeNull();
    restarted.stop();
    agent.stop();
  });
});

describe("a link over WSS on the console's port", () => {
  const wss = (agent: TestAgent, protocols = ["mqtt"]): Promise<RawLink> => {
    const ca = readFileSync(path.join(hub.dataDir, "keys/ca.pem"), "utf8");
    const { port } = new URL(hub.url);
    const socket = tls.connect({
      host: "127.0.0.1",
      port: Number(port),
      ca: [ca],
      servername: hubServerName(agent.identity.hubId),
    });
    const client = new WebSocket(`wss://localhost:${port}/mqtt`, protocols, { createConnection: () => socket });
    return new Promise((resolve, reject) => {
      client.once("open", () => resolve(new RawLink(createWebSocketStream(client), socket)));
      client.once("error", reject);
    });
  };

  test("works as one over MQTT does", async () => {
    const agent = await hub.enrolAgent();
    agent.stop();
    const link = await wss(agent);
    expect(await link.signIn(agent.identity)).toBe(0);
    await link.subscribe([[downTopic(agent.id), 1]]);
    await link.greet(agent.id);
    expect(await shown(agent)).toMatchObject({ state: "online", transport: "wss" });
    link.destroy();
  });

  test("is bound to its own connection, and to TLS", async () => {
    const agent = await hub.enrolAgent();
    const first = await wss(agent);
    const captured = first.token(agent.identity);
    const second = await wss(agent);
    expect(await second.connect({ clientId: agent.id, username: agent.id, password: captured })).toBe(4);
    first.destroy();
    const plain = new WebSocket(`${hub.url.replace("http", "ws")}/mqtt`, "mqtt");
    const refusal = await new Promise<number>((resolve) => {
      plain.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      plain.on("error", () => {});
    });
    expect(refusal).toBe(400);
    agent.stop();
  });

  test("that says nothing, or too much, is closed", async () => {
    const agent = await hub.enrolAgent();
    agent.stop();
    const big = await wss(agent);
    big.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await big.whenClosed(1_000);
    const silent = await wss(agent);
    await silent.whenClosed(7_000);
  });

  test("is refused to a browser: no other subprotocol", async () => {
    const agent = await hub.enrolAgent();
    agent.stop();
    await expect(wss(agent, ["sallyport.terminal.v1"])).rejects.toThrow();
    const status = await new Promise<number>((resolve) =>
      https
        .get(`${hub.url.replace("http:", "https:")}/mqtt`, { ca: readFileSync(`${hub.dataDir}/keys/ca.pem`) }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
        .on("error", () => resolve(0)),
    );
    expect(status).toBe(404);
  });
});

describe("frames that do not belong", () => {
  const publish = (agent: TestAgent, frame: Frame): void => {
    const { header, data } = encodeFrame(frame);
    const topic = upStreamTopic(agent.id, "h1");
    agent.socket?.write(publishPacket(topic, Buffer.concat([header, data ?? new Uint8Array()]), { qos: 0 }));
  };
  const bytes = (size: number) => Buffer.alloc(size, "x");

  test("another agent's stream number reaches nobody's terminal", async () => {
    const [victim, thief] = [await hub.enrolAgent(), await hub.enrolAgent()];
    const terminal = await terminalOn(victim);
    const [stream = 0] = victim.shells.keys();
    for (let n = 0; n < 20; n++) {
      publish(thief, { kind: "data", stream, channel: 0, offset: n, data: Buffer.from("stolen") });
      publish(thief, { kind: "close", stream, exitCode: 0, reason: "exit" });
    }
    terminal.type("mine");
    await terminal.until(() => terminal.text === "mine");
    expect(terminal.find("ended")).toBeUndefined();
    terminal.close();
    victim.stop();
    thief.stop();
  });

  test("doubled and out of order they change nothing: the terminal gets each byte once", async () => {
    const agent = await hub.enrolAgent({ shell: () => {} });
    const terminal = await terminalOn(agent);
    const [stream = 0] = agent.shells.keys();
    const data = (offset: number, text: string): Frame => ({ kind: "data", stream, channel: 0, offset, data: Buffer.from(text) });
    publish(agent, data(0, "abc"));
    publish(agent, data(0, "abc"));
    publish(agent, data(6, "ghi"));
    publish(agent, data(1, "bcde"));
    publish(agent, data(5, "fghi"));
    await terminal.until(() => terminal.text.length >= 9);
    expect(terminal.text).toBe("abcdefghi");
    terminal.close();
    agent.stop();
  });

  test.each<[string, string, (stream: number) => Frame]>([
    ["beyond its credit", "over-credit", (stream) => ({ kind: "data", stream, channel: 0, offset: 4_000_000, data: bytes(10) })],
    [
      "at the far end of numbers",
      "over-credit",
      (stream) => ({ kind: "data", stream, channel: 0, offset: 2 ** 52, data: bytes(1) }),
    ],
    [
      "on a channel it does not have",
      "bad-channel",
      (stream) => ({ kind: "data", stream, channel: 9, offset: 0, data: bytes(1) }),
    ],
    [
      "acknowledging what was never sent",
      "bad-offset",
      (stream) => ({ kind: "ack", stream, channel: 0, offset: 9_999, credit: 9_999, durable: 0 }),
    ],
    [
      "granting a gigabyte of credit",
      "bad-window",
      (stream) => ({ kind: "ack", stream, channel: 0, offset: 0, credit: 2 ** 30, durable: 0 }),
    ],
    ["resuming from the future", "bad-offset", (stream) => ({ kind: "resume", stream, channel: 0, offset: 77 })],
  ])("%s close their stream with a code, and no other stream", async (_, code, make) => {
    const agent = await hub.enrolAgent({ shell: () => {} });
    const spared = await hub.enrolAgent();
    const elsewhere = await terminalOn(spared);
    const sameAgent = await terminalOn(agent);
    const [first = 0] = agent.shells.keys();
    await terminalOn(agent);
    const broken = [...agent.shells.keys()].find((stream) => stream !== first) ?? 0;
    const closings: string[] = [];
    agent.client?.on("message", (topic, payload) => {
      if (topic === downStreamTopic(agent.id) && payload.includes(code)) closings.push(code);
    });
    publish(agent, make(broken));
    await eventually(
      () => closings.length,
      (seen) => seen > 0,
      { what: `a CLOSE that says ${code}` },
    );
    agent.shells.get(first)?.ring.append(Buffer.from("still here"));
    agent.mux.wake();
    await sameAgent.until(() => sameAgent.text === "still here");
    elsewhere.type("and here");
    await elsewhere.until(() => elsewhere.text === "and here");
    for (const terminal of [sameAgent, elsewhere]) terminal.close();
    agent.stop();
    spared.stop();
  });

  test("that are no frames at all close the link, and the agent comes back to its terminal", async () => {
    const agent = await hub.enrolAgent();
    const terminal = await terminalOn(agent);
    const gone = new Promise<void>((resolve) => agent.socket?.once("close", () => resolve()));
    agent.socket?.write(publishPacket(upStreamTopic(agent.id, "h1"), Buffer.from("ffffffffffffffffffffff", "hex"), { qos: 0 }));
    await gone;
    await agent.link();
    terminal.type("back");
    await terminal.until(() => terminal.text === "back");
    terminal.close();
    agent.stop();
  });

  test("larger than a slice close the link", async () => {
    const agent = await hub.enrolAgent();
    agent.stop();
    const link = await RawLink.asAgent(agent.identity);
    link.write(publishPacket(upStreamTopic(agent.id, "h1"), bytes(128 * 1024), { qos: 0 }).subarray(0, 200));
    await link.whenClosed();
    expect(link.packets.filter(({ type }) => type === packetTypes.publish)).toHaveLength(1); // the welcome
  });
});
