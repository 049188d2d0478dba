// Files of runs, as the hub sees to them: who is offered a run with some, and whose bytes go where. The agents are foreign clients; with a real agent,
// its disk and a real sshd see agent/src/files/place.test.ts and agent/src/run/neighbour-files.test.ts.
import { createHash, randomBytes } from "node:crypto";
import { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Execution = {
  id: string;
  state: string;
  reason: string | null;
  message: string | null;
  placing: { bytes: number; files: { state: string; unchecked: boolean }[] } | null;
};
type Run = { state: string; title: string; executions: Execution[]; files: { sha256: string; path: string }[] };

const MiB = 1024 * 1024;
const clock = new TestClock();
const content = randomBytes(6 * MiB + 3);
const sha256 = createHash("sha256").update(content).digest();
let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;
let fileId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ files: { takeAtMost: Number.POSITIVE_INFINITY } });
  assetId = await assetOf(agent);
  fileId = await keep(admin, content);
});
afterAll(() => hub[Symbol.asyncDispose]());

const assetOf = async ({ id }: TestAgent) => (await admin.query<{ assetId: string }>("fleet.agent", { id })).assetId;

async function keep(who: TestClient, bytes: Buffer, visibility = "private"): Promise<string> {
  const { id } = await who.mutate<{ id: string }>("files.begin", { name: "kept.bin", sizeBytes: bytes.length, visibility });
  const headers = { origin: hub.url, ...who.headers };
  const sent = await fetch(`${hub.url}/api/v1/files/${id}/content?offset=0`, {
    method: "PUT",
    headers,
    body: new Uint8Array(bytes),
  });
  expect(sent.status).toBe(200);
  await who.mutate("files.finish", { id });
  return id;
}

const start = async (more: object = {}, who = admin) =>
  (
    await who.mutate<{ id: string }>("runs.create", {
      assetIds: [assetId],
      script: "true",
      interpreter: "sh",
      files: [{ fileId, path: "/srv/kept.bin", mode: "640", owner: "www-data", group: "", existing: "keep" }],
      ...more,
    })
  ).id;
const when = (id: string, holds: (run: Run) => boolean) =>
  eventually(() => admin.query<Run>("runs.get", { id }), holds, { what: "the run" });
/** The execution, once the agent may begin it. */
const claimed = async (id: string): Promise<string> =>
  (await when(id, ({ executions }) => executions[0]?.state === "claimed")).executions[0]?.id ?? "";
const ask = (executionId: string, offset = 0, hash: Buffer = sha256) =>
  agent.say({ fileNeeds: { executionId, attempt: 1, sha256: hash, offset } });
/** The stream that comes next, once it is so far. */
function nextStream(holds: (file: { bytes: Buffer; whole: boolean }) => boolean) {
  const known = agent.fileStreams.size;
  const next = () => [...agent.fileStreams.values()].slice(known).find(holds);
  return eventually(
    async () => next(),
    (file) => file !== undefined,
    { what: "a stream of the file" },
  );
}
const result = (executionId: string, more: object = {}) =>
  agent.say({ runResult: { executionId, attempt: 1, end: wire.RunEnd.RUN_EXITED, exited: true, ...more } });

test("an agent gets the order with each file, its bytes from where it asks, and what it placed is shown", async () => {
  const id = await start();
  const executionId = await claimed(id);
  expect(agent.runs.get(executionId)?.order.files).toMatchObject([
    { sha256, size: content.length, path: "/srv/kept.bin", mode: 0o640, owner: "www-data", keep: true },
  ]);
  await expect(admin.mutate("files.remove", { id: fileId })).rejects.toMatchObject({ code: "file-in-use", facts: { uses: 1 } });
  const whole = nextStream((file) => file.whole);
  ask(executionId, 4 * MiB);
  const stream = await whole;
  expect(stream?.bytes.equals(content.subarray(4 * MiB))).toBe(true);
  agent.say({ fileProgress: { executionId, attempt: 1, bytes: content.length, files: [] } });
  await when(id, ({ executions }) => executions[0]?.placing?.bytes === content.length);
  result(executionId, { files: [{ state: wire.PlacedState.PLACED_UNCHANGED, unchecked: true }] });
  const { executions } = await when(id, ({ state }) => state === "finished");
  expect(executions[0]).toMatchObject({
    reason: "finished",
    placing: { bytes: content.length, files: [{ state: "unchanged", unchecked: true }] },
  });
});

test("a stream ends with its link, and the next goes on from where the agent is", async () => {
  const id = await start({ script: undefined, interpreter: undefined });
  const executionId = await claimed(id);
  agent.options.files = { takeAtMost: MiB };
  const part = nextStream(({ bytes }) => bytes.length >= MiB);
  ask(executionId);
  expect((await part)?.whole).toBe(false);
  agent.cut();
  await agent.link();
  agent.options.files = { takeAtMost: Number.POSITIVE_INFINITY };
  const rest = nextStream((file) => file.whole);
  ask(executionId, MiB);
  expect((await rest)?.bytes.equals(content.subarray(MiB))).toBe(true);
  result(executionId, { end: wire.RunEnd.RUN_NOT_PLACED, exited: false, message: "There is no folder /srv." });
  const run = await when(id, ({ state }) => state === "finished");
  expect(run.executions[0]).toMatchObject({ reason: "not-placed", message: "There is no folder /srv." });
  expect(run.title).toBe("kept.bin");
});

test("bytes go to no agent that does not run it, for no file that is not the run's, and from no place that is not in it", async () => {
  const id = await start();
  const executionId = await claimed(id);
  const other = await hub.enrolAgent({ files: { takeAtMost: 0 } });
  other.say({ fileNeeds: { executionId, attempt: 1, sha256, offset: 0 } });
  await eventually(
    async () => other.fileLacks.length,
    (count) => count === 1,
    { what: "a refusal" },
  );
  const before = agent.fileStreams.size;
  ask(executionId, 0, createHash("sha256").update("another").digest());
  ask(executionId, content.length + 1);
  agent.say({ fileNeeds: { executionId, attempt: 2, sha256, offset: 0 } });
  const lacks = await eventually(
    async () => agent.fileLacks,
    (all) => all.length === 3,
    { what: "three refusals" },
  );
  expect(lacks.map(({ final }) => final)).toEqual([true, true, true]);
  expect(agent.fileStreams.size).toBe(before);
  expect(other.fileStreams.size).toBe(0);
  result(executionId);
  await when(id, ({ state }) => state === "finished");
});

test("to place a file takes the grant to upload, when the run is made and when the bytes leave", async () => {
  const person = await hub.as("user");
  const me = await person.query<{ me: { id: string } }>("auth.state");
  await hub.grant(me.me.id, [assetId], ["run"]);
  const own = await keep(person, Buffer.from("mine"));
  const files = [{ fileId: own, path: "/srv/mine" }];
  await expect(start({ files }, person)).rejects.toMatchObject({ code: "no-grant" });
  const grantId = await hub.grant(me.me.id, [assetId], ["upload"]);
  await expect(start({}, person)).rejects.toMatchObject({ code: "not-found" }); // the administrator's own file
  const id = await start({ files }, person);
  const executionId = await claimed(id);
  await admin.mutate("access.revoke", { id: grantId });
  const refusals = agent.fileLacks.length;
  ask(executionId, 0, createHash("sha256").update("mine").digest());
  await eventually(
    async () => agent.fileLacks.length,
    (count) => count > refusals,
    { what: "a refusal" },
  );
  result(executionId, { end: wire.RunEnd.RUN_REFUSED, exited: false });
  await when(id, ({ state }) => state === "finished");
});

test("an agent that knows no files is never offered a run with some", async () => {
  const old = await hub.enrolAgent({ equip: () => null });
  const id = await start({ assetIds: [await assetOf(old)] });
  const { executions } = await when(id, ({ state }) => state === "finished");
  expect(executions[0]).toMatchObject({ reason: "refused" });
  expect(executions[0]?.message).toContain("too old for files");
  expect(old.begun).toEqual([]);
});

test("a task places its files at each run, and keeps them from being deleted", async () => {
  const bytes = Buffer.from("of a task");
  const own = await keep(admin, bytes);
  const { id: scriptId } = await admin.mutate<{ id: string }>("scripts.create", {
    name: "of files",
    body: "true",
    interpreter: "sh",
  });
  const task = { name: "places", scriptId, targets: { assetIds: [assetId] } };
  const files = [{ fileId: own, path: "/srv/of-task" }];
  await expect(admin.mutate("tasks.create", { ...task, files: [{ ...files[0], fileId: "fil_none" }] })).rejects.toMatchObject({
    code: "not-found",
  });
  const { id: taskId } = await admin.mutate<{ id: string }>("tasks.create", { ...task, files });
  const { id: runId } = await admin.mutate<{ id: string }>("tasks.run", { id: taskId });
  const executionId = await claimed(runId);
  expect(agent.runs.get(executionId)?.order.files).toMatchObject([{ path: "/srv/of-task", size: bytes.length, mode: 0o644 }]);
  result(executionId);
  await when(runId, ({ state }) => state === "finished");
  await expect(admin.mutate("files.remove", { id: own })).rejects.toMatchObject({ code: "file-in-use", facts: { uses: 1 } });
  await admin.mutate("tasks.archive", { id: taskId });
  await admin.mutate("files.remove", { id: own });
});

test("the file of a parameter lies where it is the execution's alone, and counts as any other: for the grant to upload, for who needs it, for the run once more", async () => {
  const bytes = Buffer.from("of a parameter");
  const own = await keep(admin, bytes, "organisation");
  const parameters = [{ name: "DUMP", label: "Dump", type: "file", required: true }];
  const { id: scriptId } = await admin.mutate<{ id: string }>("scripts.create", {
    name: "of a file",
    body: 'wc -c < "$DUMP"',
    interpreter: "sh",
    visibility: "organisation",
    parameters,
  });
  const create = (who: TestClient, value: string) =>
    who.mutate<{ id: string }>("runs.create", { assetIds: [assetId], scriptId, parameters: { DUMP: value } });
  await expect(create(admin, "/etc/shadow")).rejects.toMatchObject({ code: "bad-parameter", facts: { problem: "not-file" } });
  await expect(create(admin, "fil_none")).rejects.toMatchObject({ code: "not-found" });
  const person = await hub.as("user");
  const me = await person.query<{ me: { id: string } }>("auth.state");
  await hub.grant(me.me.id, [assetId], ["run"]);
  await expect(create(person, own)).rejects.toMatchObject({ code: "no-grant" });

  const { id } = await create(admin, own);
  const placed = async (runId: string) => {
    const executionId = await claimed(runId);
    const path = `/var/tmp/.sallyport-${executionId}.1-DUMP`;
    expect(agent.runs.get(executionId)?.order).toMatchObject({
      files: [{ path, size: bytes.length, mode: 0o600 }],
      environment: { DUMP: path },
    });
    result(executionId);
    await when(runId, ({ state }) => state === "finished");
  };
  await expect(admin.mutate("files.remove", { id: own })).rejects.toMatchObject({ code: "file-in-use" });
  await placed(id);
  const { executions } = await admin.query<Run>("runs.get", { id });
  const again = { id, which: "chosen", executionIds: [executions[0]?.id] };
  await placed((await admin.mutate<{ id: string }>("runs.again", again)).id);
  const task = { name: "needs it", scriptId, targets: { assetIds: [assetId] }, parameters: { DUMP: own } };
  const { id: taskId } = await admin.mutate<{ id: string }>("tasks.create", task);
  await expect(admin.mutate("files.remove", { id: own })).rejects.toMatchObject({ code: "file-in-use", facts: { uses: 1 } });
  await placed((await admin.mutate<{ id: string }>("tasks.run", { id: taskId })).id);
});

test("twenty hosts get their files by the same window as any run", async () => {
  const busy = new Set<string>();
  let most = 0;
  const hosts = await Promise.all(
    Array.from({ length: 20 }, () => hub.enrolAgent({ files: { takeAtMost: Number.POSITIVE_INFINITY } })),
  );
  const assetIds = await Promise.all(hosts.map(assetOf));
  const small = Buffer.from("small");
  const id = await start({
    assetIds,
    script: undefined,
    interpreter: undefined,
    files: [{ fileId: await keep(admin, small), path: "/srv/small" }],
    rolling: { window: { kind: "count", value: 5 } },
  });
  const hash = createHash("sha256").update(small).digest();
  const ended = new Set<string>();
  await eventually(
    async () => {
      for (const host of hosts) {
        for (const executionId of host.runs.keys()) {
          if (ended.has(executionId)) continue;
          if (!busy.has(executionId)) host.say({ fileNeeds: { executionId, attempt: 1, sha256: hash, offset: 0 } });
          busy.add(executionId);
          most = Math.max(most, busy.size);
          if (![...host.fileStreams.values()].some(({ whole, bytes }) => whole && bytes.equals(small))) continue;
          ended.add(executionId);
          busy.delete(executionId);
          host.say({ runResult: { executionId, attempt: 1, end: wire.RunEnd.RUN_EXITED, exited: true } });
        }
      }
      return (await admin.query<Run>("runs.get", { id })).state;
    },
    (state) => state === "finished",
    { what: "the run" },
  );
  expect(ended.size).toBe(20);
  expect(most).toBeLessThanOrEqual(5);
});
