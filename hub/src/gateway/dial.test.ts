// Dials: who may open one, what it is told, and that it ends when it must.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { upgrade } from "../testing/raw-http.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { floodBytes, type TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestDial } from "../testing/test-dial.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent();
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
});
afterAll(() => hub[Symbol.asyncDispose]());

async function granted(...actions: string[]): Promise<{ client: TestClient; grantId: string }> {
  const client = await hub.as("user");
  if (actions.length === 0) return { client, grantId: "" };
  const { me } = await client.query<{ me: { id: string } }>("auth.state");
  return { client, grantId: await hub.grant(me.id, [assetId], actions) };
}
const open = (client: TestClient, more: object = {}) => TestDial.open(client, { assetId, port: 5_432, ...more });
const eventsOf = async (sessionId: string) => {
  const { items } = await admin.query<{ items: { kind: string; subject: { id: string } | null; data: object }[] }>(
    "audit.list",
    {},
  );
  return items.filter(({ subject }) => subject?.id === sessionId);
};

describe("a dial", () => {
  test("is opened by a grant for it, and by no other, nor by another organisation", async () => {
    const outcomes: Record<string, string> = {};
    for (const [who, { client }] of Object.entries({
      none: await granted(),
      connect: await granted("connect"),
      run: await granted("run"),
      dial: await granted("forward"),
      all: await granted("connect", "run", "forward"),
      auditor: { client: await hub.as("auditor") },
      admin: { client: admin },
      stranger: { client: (await adminOfSecondOrganisation(hub)).client },
    })) {
      const dial = await open(client);
      outcomes[who] = dial.outcome;
      dial.leave();
    }
    expect(outcomes).toEqual({
      none: "not-found",
      connect: "no-grant",
      run: "no-grant",
      dial: "opened",
      all: "opened",
      auditor: "forbidden",
      admin: "opened",
      stranger: "not-found",
    });
  });

  test("is refused before the upgrade to who is not signed in, comes from elsewhere or speaks another protocol", async () => {
    const own = { origin: hub.url, ...admin.headers };
    const statusOf = async (headers: Record<string, string>, protocols = ["sallyport.dial.v1"]) =>
      (await upgrade(hub.url, "/ws/dial", { protocols, headers })).status;
    expect(await statusOf({ origin: hub.url })).toBe(401);
    expect(await statusOf({ ...own, origin: "https://evil.example" })).toBe(403);
    expect(await statusOf(own, ["sallyport.terminal.v1"])).toBe(400);
  });

  test("reaches a port of the asset's own host, whatever host the person names", async () => {
    const before = agent.dialled.length;
    const dial = await open(admin, { host: "10.0.0.1", allowed: ["10.0.0.1"], port: 8_080 });
    expect(dial.outcome).toBe("opened");
    expect(agent.dialled.slice(before)).toEqual(["127.0.0.1:8080 of 127.0.0.1"]);
    dial.leave();
    for (const port of [0, 65_536, 1.5, "22", null]) expect((await open(admin, { port })).outcome).toBe("bad-message");
    expect(agent.dialled.length).toBe(before + 1);
  });

  test("never leads from an agent on the hub's own machine into the hub, which trusts its own machine", async () => {
    const before = agent.dialled.length;
    const ports = [Number(new URL(hub.url).port), agent.identity.port];
    for (const port of ports) expect((await open(admin, { port })).outcome).toBe("forbidden");
    expect(agent.dialled.length).toBe(before);
  });

  test("to a neighbour reaches its address and never the agent's own host, by grants for its protocol on that port", async () => {
    const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
    const neighbour = await admin.mutate<{ id: string }>("assets.create", {
      name: "neighbour",
      zoneId,
      platform: "linux",
      address: "192.0.2.7",
      protocols: [
        { name: "ssh", port: 22 },
        { name: "postgresql", port: 5_432 },
      ],
    });
    const other = await hub.enrolAgent();
    const asked = () => [...agent.dialled, ...other.dialled];
    const before = asked().length;
    const client = await hub.as("user");
    const { me } = await client.query<{ me: { id: string } }>("auth.state");
    // A grant for one account: nobody signs in here, so it is no hindrance.
    await hub.grant(me.id, [neighbour.id], ["forward"], { accounts: ["root"], protocols: ["postgresql"] });
    const dial = await open(client, { assetId: neighbour.id });
    expect(dial.outcome).toBe("opened");
    expect(asked().slice(before)).toEqual(["192.0.2.7:5432 of "]);
    dial.leave();
    for (const port of [22, 8_080]) expect((await open(client, { assetId: neighbour.id, port })).outcome).toBe("no-grant");
    expect(asked()).toHaveLength(before + 1);
    // The first agent does not get there; the other one is asked too.
    const unreached = await open(admin, { assetId: neighbour.id, port: 1 });
    expect(unreached.find("error")).toMatchObject({ code: "not-reached", facts: { reason: "refused" } });
    expect([...agent.dialled, ...other.dialled].filter((one) => one === "192.0.2.7:1 of ")).toHaveLength(2);
    other.stop();
  });

  test("that the agent refuses says why", async () => {
    const dial = await open(admin, { port: 1 });
    expect(dial.find("error")).toMatchObject({ code: "agent-refused", message: "Nothing listens on that port." });
    await dial.closed();
    expect(dial.closeCode).toBe(4502);
  });

  test("carries bytes both ways, half-closes, and leaves what it was in the records", async () => {
    const { client } = await granted("forward");
    const dial = await open(client);
    const question = randomBytes(1_000_000);
    for (let at = 0; at < question.length; at += 65_536) dial.send(question.subarray(at, at + 65_536));
    dial.send({ type: "eof" });
    expect(await dial.closed()).toBe("closed");
    expect(dial.find("eof")).toBeDefined();
    expect(dial.bytes.equals(question)).toBe(true);
    const session = await admin.query("sessions.get", { id: dial.sessionId });
    expect(session).toMatchObject({ kind: "dial", port: 5_432, state: "ended", endReason: "closed", outputBytes: 1_000_000 });
    expect(await eventsOf(dial.sessionId)).toMatchObject([
      { kind: "dial.ended", data: { reason: "closed", port: 5_432, sentBytes: 1_000_000, receivedBytes: 1_000_000 } },
      { kind: "dial.opened", data: { port: 5_432 } },
    ]);
  });

  test("ends by the time the revocation of its grant is answered, and nobody else's does", { retry: 2 }, async () => {
    const { client, grantId } = await granted("forward");
    const other = await open((await granted("forward")).client);
    const dial = await open(client);
    const from = performance.now();
    await admin.mutate("access.revoke", { id: grantId, reason: "left the team" });
    expect(await dial.closed()).toBe("grant-revoked");
    expect(performance.now() - from).toBeLessThan(2_000);
    other.send(Buffer.from("still here"));
    await eventually(
      () => other.bytes.toString(),
      (text) => text === "still here",
    );
    other.leave();
  });

  test("whose person leaves is closed on the agent too", async () => {
    const dial = await open(admin);
    const { sessionId } = dial;
    dial.leave();
    await eventually(
      () => [...agent.shells.values()].some((one) => one.sessionId === sessionId),
      (there) => !there,
      { what: "the connection to be gone" },
    );
    await eventually(
      async () => (await admin.query<{ state: string }>("sessions.get", { id: sessionId })).state,
      (state) => state === "ended",
    );
  });

  test("goes on at the byte after its agent's link was lost", { retry: 2 }, async () => {
    const dial = await open(admin);
    const sent: Buffer[] = [];
    const send = (bytes: number) => {
      sent.push(randomBytes(bytes));
      dial.send(sent.at(-1) ?? Buffer.alloc(0));
    };
    send(50_000);
    agent.cut();
    for (let n = 0; n < 8; n++) send(50_000);
    await agent.link();
    send(50_000);
    dial.send({ type: "eof" });
    expect(await dial.closed()).toBe("closed");
    expect(dial.bytes.equals(Buffer.concat(sent))).toBe(true);
  });

  test("whose client reads nothing costs the hub no more than its window", async () => {
    const dial = await open(admin, { port: 2 }); // which speaks before the agent says that it is open
    expect(dial.outcome).toBe("opened");
    dial.pause();
    const taken = () => [...agent.shells.values()].find((one) => one.sessionId === dial.sessionId)?.outgoing.received ?? 0;
    let before = 0;
    let stood = 0;
    await eventually(
      () => {
        stood = taken() === before ? stood + 1 : 0;
        before = taken();
        return stood;
      },
      (times) => times >= 20,
      { what: "the flood to stand still" },
    );
    // What has left the agent is in the kernel's buffers between hub and client, and in one window.
    expect(before).toBeLessThan(16 * 1024 * 1024);
    dial.resume();
    await eventually(
      () => dial.received.reduce((sum, { length }) => sum + length, 0),
      (bytes) => bytes === floodBytes,
      { what: "all of the flood" },
    );
    dial.leave();
  });

  test("message that is none ends it", async () => {
    for (const message of [{ type: "resize" }, { type: "open", assetId, port: 80 }]) {
      const dial = await open(admin);
      dial.send(message);
      await dial.closed();
      expect(dial.closeCode).toBe(4400);
    }
    const huge = await open(admin);
    huge.send(Buffer.alloc(65_537));
    await huge.closed();
    expect(huge.closeCode).toBe(1009);
  });
});
