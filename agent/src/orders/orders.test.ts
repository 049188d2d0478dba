// What an agent must not do, whoever asks: orders that are not the hub's, not for it, not now, or not the first time.
import fs from "node:fs";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import type { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { enrolledState, linkedAgent, type RunningAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";

const shell = (): Partial<wire.Order.$Properties> => ({
  openShell: { sessionId: newId("ses"), columns: 80, rows: 24, term: "xterm-256color", keepSeconds: 60, person: "ada" },
});

const opened = (agent: RunningAgent): number => agent.log.filter((line) => /terminal ses_\w+ opened/.test(line)).length;

function flipped(bytes: Uint8Array | null | undefined, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes ?? []);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test("an order with one flipped bit, anywhere in it or its signature, starts nothing", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { signed } = hub.sign(shell());
  const bytes = signed.order?.length ?? 0;
  for (let at = 0; at < bytes; at++) hub.say({ order: { ...signed, order: flipped(signed.order, at) } });
  for (let at = 0; at < 64; at++) hub.say({ order: { ...signed, signature: flipped(signed.signature, at) } });
  const { sequence, signed: good } = hub.sign(shell());
  hub.say({ order: good });
  await hub.hear("orderOutcome", (outcome) => outcome.sequence === sequence && outcome.accepted === true);
  expect(opened(agent)).toBe(1);
});

test.each([
  ["for another agent", "wrong-agent", () => ({ agentId: newId("agt") })],
  ["past its time", "expired", () => ({ issuedAtMs: Date.now() - 120_000, expiresAtMs: Date.now() - 60_000 })],
  ["from the future", "not-yet", () => ({ issuedAtMs: Date.now() + 3_600_000, expiresAtMs: Date.now() + 7_200_000 })],
] as const)("an order %s is refused and starts nothing", async (_what, code, change) => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { sequence, signed } = hub.sign({ ...shell(), ...change() });
  hub.say({ order: signed });
  const outcome = await hub.hear("orderOutcome", (value) => value.sequence === sequence);
  expect(outcome).toMatchObject({ accepted: false, code });
  expect(opened(agent)).toBe(0);
});

test("an order of another hub's key is refused", async () => {
  await using hub = await TestHub.start();
  await using stranger = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { sequence, signed } = stranger.sign(shell(), agent.agentId);
  hub.say({ order: signed });
  expect(await hub.hear("orderOutcome", (value) => value.sequence === sequence)).toMatchObject({
    accepted: false,
    code: "bad-signature",
  });
  expect(opened(agent)).toBe(0);
});

test("an order delivered twice is answered twice and done once", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { sequence, signed } = hub.sign(shell());
  hub.say({ order: signed });
  hub.say({ order: signed });
  await hub.until(() => hub.count("orderOutcome") === 2);
  expect(hub.heard.filter((message) => message.body === "orderOutcome").map((message) => message.value)).toEqual([
    expect.objectContaining({ sequence, accepted: true }),
    expect.objectContaining({ sequence, accepted: true }),
  ]);
  expect(opened(agent)).toBe(1);
});

test("an order is refused as replayed after the agent was restarted, also out of order", async () => {
  await using hub = await TestHub.start();
  const state = enrolledState(hub);
  const late = hub.sign(shell(), state.agentId); // has the lower number and arrives last
  const first = hub.sign(shell(), state.agentId);
  {
    await using agent = await linkedAgent(hub, state);
    hub.say({ order: first.signed });
    await hub.hear("orderOutcome", (value) => value.sequence === first.sequence && value.accepted === true);
    hub.say({ order: late.signed });
    await hub.hear("orderOutcome", (value) => value.sequence === late.sequence && value.accepted === true);
    expect(opened(agent)).toBe(2);
  }
  await hub.until(() => !hub.online);
  await using again = await linkedAgent(hub, state);
  const from = hub.heard.length;
  for (const { signed } of [first, late]) hub.say({ order: signed });
  for (const { sequence } of [first, late]) {
    expect(await hub.hear("orderOutcome", (value) => value.sequence === sequence, from)).toMatchObject({
      accepted: false,
      code: "replayed",
    });
  }
  expect(opened(again)).toBe(0);
});

test("what was taken is on disk before anything is done", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  await hub.openShell();
  const kept: { seen: number[] } = JSON.parse(fs.readFileSync(path.join(agent.stateDir, "sequence"), "utf8"));
  expect(kept.seen).toContain(hub.sequence);
});

test("a script outside an offer is refused", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const { sequence, signed } = hub.offer("true");
  hub.say({ order: signed });
  expect(await hub.hear("orderOutcome", (value) => value.sequence === sequence)).toMatchObject({
    accepted: false,
    code: "policy",
  });
});
