// What runs collect, as the hub sees to it: who may ask for it, that all of it is kept before its end is, and who gets it. The agent is a foreign
// client; with a real agent and its disk see agent/src/run/artefacts.test.ts.
import { randomBytes } from "node:crypto";
import { existsSync, utimesSync } from "node:fs";
import { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logFileOf } from "../logs/log-places.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { artefactLogOf } from "./artefact-log.ts";

type Artefacts = { bytes: number; listed: { path: string; size: number; state: string }[]; unlisted: number };
type Run = {
  state: string;
  artefacts: string[];
  executions: { id: string; state: string; message: string | null; artefacts: Artefacts | null }[];
};

const patterns = ["/var/log/app/*.log", "/srv/dump"];
const archive = randomBytes(3_000_001);
const told = {
  artefacts: [
    { path: "/srv/dump\u0000\u001b[31m", size: 9, state: wire.ArtefactState.ARTEFACT_UNREADABLE },
    { path: "/var/log/app/a.log", size: 3_000_000, state: wire.ArtefactState.ARTEFACT_COLLECTED },
  ],
  artefactsUnlisted: 2,
};
const clock = new TestClock();
/** What the agent was asked to collect. */
const asked: string[][] = [];
let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;

beforeAll(async () => {
  hub = await TestHub.start({ recordingDays: 7 }, { clock });
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({
    artefacts: ({ artefacts }) => {
      asked.push(artefacts);
      return { archive, told };
    },
  });
  assetId = await assetOf(agent);
});
afterAll(() => hub[Symbol.asyncDispose]());

const assetOf = async ({ id }: TestAgent) => (await admin.query<{ assetId: string }>("fleet.agent", { id })).assetId;
const start = async (more: object = {}, who = admin) =>
  (
    await who.mutate<{ id: string }>("runs.create", {
      assetIds: [assetId],
      script: "true",
      interpreter: "sh",
      artefacts: patterns,
      ...more,
    })
  ).id;
const ended = (id: string) =>
  eventually(
    () => admin.query<Run>("runs.get", { id }),
    ({ state }) => state === "finished",
    { what: "the run" },
  );
const download = (who: TestClient, executionId: string, headers: Record<string, string> = {}) =>
  fetch(`${hub.url}/api/v1/executions/${executionId}/artefacts`, { headers: { ...who.headers, ...headers } });

test("what a run left is kept to the byte, listed with what was left out, and given to whom its output is given", async () => {
  const run = await ended(await start());
  const [execution] = run.executions;
  expect(run.artefacts).toEqual(patterns);
  expect(asked).toEqual([patterns]);
  expect(execution?.artefacts).toEqual({
    bytes: archive.length,
    listed: [
      { path: "/srv/dump\u001b[31m", size: 9, state: "unreadable" },
      { path: "/var/log/app/a.log", size: 3_000_000, state: "collected" },
    ],
    unlisted: 2,
  });
  const whole = await download(admin, execution?.id ?? "");
  expect(whole.headers.get("content-disposition")).toContain(`${execution?.id}.tar`);
  expect(Buffer.from(await whole.arrayBuffer()).equals(archive)).toBe(true);
  const rest = await download(admin, execution?.id ?? "", { range: "bytes=3000000-" });
  expect([rest.status, Buffer.from(await rest.arrayBuffer())]).toEqual([206, archive.subarray(3_000_000)]);
  const events = await hub.sql`select data from audit_events where kind = 'run.artefacts-downloaded'`;
  expect(events.map(({ data }) => data)).toEqual([1, 2].map(() => ({ executionId: execution?.id, bytes: archive.length })));
  expect((await download(await hub.as("user"), execution?.id ?? "")).status).toBe(404);
  const without = await ended(await start({ artefacts: [] }));
  expect(without.executions[0]?.artefacts).toBeNull();
  expect((await download(admin, without.executions[0]?.id ?? "")).status).toBe(404);
});

test("an archive goes on where it was when the hub starts anew", async () => {
  agent.options.script = () => null;
  const id = await start();
  const run = await eventually(
    () => admin.query<Run>("runs.get", { id }),
    ({ executions }) => executions[0]?.state === "running",
    { what: "the script" },
  );
  const executionId = run.executions[0]?.id ?? "";
  const ring = agent.runs.get(executionId)?.outputs[2]?.ring;
  ring?.append(archive.subarray(0, 1_000_000));
  agent.mux.wake();
  await eventually(
    async () => ring?.start,
    (durable) => durable === 1_000_000,
    { what: "a part of the archive" },
  );
  expect((await download(admin, executionId)).status).toBe(404); // not before it is whole
  await hub.restart();
  admin = await hub.asAdmin();
  await agent.link();
  ring?.append(archive.subarray(1_000_000));
  agent.endScript(executionId, 0);
  await ended(id);
  expect(Buffer.from(await (await download(admin, executionId)).arrayBuffer()).equals(archive)).toBe(true);
  delete agent.options.script;
});

test("to collect takes the grant to download", async () => {
  const person = await hub.as("user");
  const me = await person.query<{ me: { id: string } }>("auth.state");
  await hub.grant(me.me.id, [assetId], ["run", "upload"]);
  await expect(start({}, person)).rejects.toMatchObject({ code: "no-grant" });
  await hub.grant(me.me.id, [assetId], ["download"]);
  const run = await ended(await start({}, person));
  expect((await download(person, run.executions[0]?.id ?? "")).status).toBe(200);
});

test("an agent that does not know how is never offered such a run, neither for itself nor for a neighbour", async () => {
  const old = await hub.enrolAgent({ files: { takeAtMost: 0 } });
  const run = await ended(await start({ assetIds: [await assetOf(old)] }));
  expect(run.executions[0]?.message).toContain("too old for collecting files");
  const { items: zones } = await admin.query<{ items: { id: string }[] }>("fleet.zones");
  const { id: neighbour } = await admin.mutate<{ id: string }>("assets.create", {
    name: "db-1",
    zoneId: zones[0]?.id,
    address: "192.0.2.7",
    category: "host",
    platform: "linux",
    protocols: [{ name: "ssh", port: 22 }],
  });
  await admin.mutate("accounts.create", { assetId: neighbour, username: "deploy", secret: { kind: "password", password: "x" } });
  const there = await start({ assetIds: [neighbour], account: "deploy" });
  const left = () => ({ archive, told: {} });
  const able = await hub.enrolAgent({ artefacts: left, neighbours: () => null, equip: () => null });
  const done = await ended(there);
  expect(old.begun).toEqual([]);
  expect(able.begun).toEqual([done.executions[0]?.id]);
  expect(Buffer.from(await (await download(admin, done.executions[0]?.id ?? "")).arrayBuffer()).equals(archive)).toBe(true);
});

test("a path that is not absolute, leads elsewhere or is there twice is not taken", async () => {
  for (const artefacts of [["var/log/a"], ["/var/../etc/shadow"], ["/var/*/a"], ["/var/log/"], ["/a\nb"], ["/a", "/a"]])
    await expect(start({ artefacts })).rejects.toMatchObject({ code: "bad-input" });
});

test("a task collects at each run, and so does a run of it once more", async () => {
  const script = { name: "leaves logs", body: "true", interpreter: "sh" };
  const { id: scriptId } = await admin.mutate<{ id: string }>("scripts.create", script);
  const task = { name: "collects", scriptId, targets: { assetIds: [assetId] }, artefacts: patterns };
  const { id: taskId } = await admin.mutate<{ id: string }>("tasks.create", task);
  const { id: runId } = await admin.mutate<{ id: string }>("tasks.run", { id: taskId });
  const first = await ended(runId);
  expect(first.executions[0]?.artefacts?.bytes).toBe(archive.length);
  const again = { id: runId, which: "chosen", executionIds: [first.executions[0]?.id] };
  const second = await ended((await admin.mutate<{ id: string }>("runs.again", again)).id);
  expect(second.executions[0]?.artefacts?.bytes).toBe(archive.length);
});

test("an archive goes with its output when its days are over", async () => {
  const executionId = (await ended(await start())).executions[0]?.id ?? "";
  const files = [executionId, artefactLogOf(executionId)].map((id) => logFileOf(hub.dataDir, id));
  expect(files.map((file) => existsSync(file))).toEqual([true, true]);
  await hub.stop();
  await hub.sql`update executions set ended_at = ended_at - interval '8 days' where id = ${executionId}`;
  const then = clock.now().getTime() / 1_000 - 8 * 86_400;
  for (const file of files) utimesSync(file, then, then);
  await hub.restart();
  await eventually(
    async () => files.map((file) => existsSync(file)),
    (there) => !there.includes(true),
    { what: "their removal" },
  );
});
