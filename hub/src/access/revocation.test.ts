// A grant that is gone: nobody is still typing under it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../testing/test-client.ts";
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

type Opened = { client: TestClient; terminal: TestTerminal; grantId: string };

async function opened(more: object = {}): Promise<Opened> {
  const client = await hub.as("user");
  const { me } = await client.query<{ me: { id: string } }>("auth.state");
  const grantId = await hub.grant(me.id, [assetId], ["connect"], more);
  return { client, terminal: await client.openTerminal(assetId), grantId };
}

async function expectShut({ client, terminal }: Opened): Promise<void> {
  expect(await admin.query("sessions.get", { id: terminal.sessionId })).toMatchObject({
    state: "ended",
    endReason: "grant-revoked",
  });
  expect((await client.openTerminal(assetId)).find("error")).toMatchObject({ code: "not-found" });
  expect(await client.query("assets.list", {})).toMatchObject({ total: 0, items: [] });
}

describe("a revoked grant", () => {
  test("ends the terminal opened under it by the time the revocation is answered", { retry: 2 }, async () => {
    const one = await opened();
    const from = performance.now();
    await admin.mutate("access.revoke", { id: one.grantId, reason: "left the team" });
    expect(await one.terminal.ended()).toMatchObject({ reason: "grant-revoked" });
    expect(performance.now() - from).toBeLessThan(2_000);
    await eventually(
      () => [...agent.shells.values()].some(({ sessionId }) => sessionId === one.terminal.sessionId),
      (running) => !running,
      { what: "the shell to be gone" },
    );
    await expectShut(one);
  });

  test("ends nobody else's terminal", async () => {
    const [one, other] = [await opened(), await opened()];
    await admin.mutate("access.revoke", { id: one.grantId });
    await one.terminal.ended();
    other.terminal.type("still here");
    await other.terminal.until(() => other.terminal.text === "still here");
    other.terminal.close();
  });

  test("may be revoked twice; the first revocation stands", async () => {
    const one = await opened();
    await admin.mutate("access.revoke", { id: one.grantId, reason: "first" });
    await admin.mutate("access.revoke", { id: one.grantId, reason: "second" });
    const [row] = await hub.sql`select revoke_reason as reason from grants where id = ${one.grantId}`;
    expect(row).toEqual({ reason: "first" });
  });

  test("while terminals are opening under it leaves none behind", async () => {
    const one = await opened();
    const opening = Array.from({ length: 10 }, () => one.client.openTerminal(assetId));
    await admin.mutate("access.revoke", { id: one.grantId });
    const terminals = await Promise.all(opening);
    for (const terminal of terminals) await terminal.until(() => terminal.closeCode !== null);
    const { items } = await admin.query<{ items: { id: string }[] }>("sessions.list", { state: "live" });
    const left = [one.terminal, ...terminals].filter(({ sessionId }) => items.some((item) => item.id === sessionId));
    expect(left).toEqual([]);
  });
});

describe("a grant with an end", () => {
  test("ends the terminal opened under it within two seconds of it", { retry: 2 }, async () => {
    const one = await opened({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const expiresAt = new Date(Date.now() + 1_000); // an hour is long; the row is all that counts
    await hub.sql`update grants set expires_at = ${expiresAt.toISOString()}::timestamptz where id = ${one.grantId}`;
    await one.terminal.ended();
    expect(Date.now() - expiresAt.getTime()).toBeLessThan(2_000);
    expect(Date.now() - expiresAt.getTime()).toBeGreaterThan(-50);
    await expectShut(one);
  });

  test("that came while the hub was down ends the terminal when its agent is back", async () => {
    const one = await opened();
    await hub.stop();
    await hub.sql`update grants set expires_at = now() - interval '1 second' where id = ${one.grantId}`;
    await hub.restart();
    await agent.link();
    await eventually(
      () => admin.query<{ state: string }>("sessions.get", { id: one.terminal.sessionId }),
      ({ state }) => state === "ended",
      { withinMs: 3_000, what: "the session to end" },
    );
    await expectShut(one);
  });

  test("that was withdrawn just before the hub died ends the terminal when its agent is back", async () => {
    const one = await opened();
    await hub.stop();
    await hub.sql`update grants set revoked_at = now() where id = ${one.grantId}`;
    await hub.restart();
    await agent.link();
    await eventually(
      () => admin.query<{ state: string }>("sessions.get", { id: one.terminal.sessionId }),
      ({ state }) => state === "ended",
      { withinMs: 3_000, what: "the session to end" },
    );
    await expectShut(one);
  });
});
