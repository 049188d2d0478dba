// The executions of a run as pages, letters and groups, and the run once more on some of them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Execution = { id: string; assetName: string; exitCode: number | null; reason: string | null; lastLine: string | null };
type Run = { id: string; state: string; trigger: string; title: string; counts: Record<string, number>; executions: Execution[] };
type Page = { items: Execution[]; total: number };
type Group = { executionId: string; count: number; exitCode: number | null; digest: string | null };

/** Of five hosts: three alike, one that says something else on stderr and took longer, one that fails. */
const ends = [
  { stdout: "disk ok\nin 12 s\n", stderr: "", exitCode: 0 },
  { stdout: "disk ok\nin 12 s\n", stderr: "", exitCode: 0 },
  { stdout: "disk ok\nin 4 s\n", stderr: "a warning", exitCode: 0 },
  { stdout: "disk ok\nin 12 s\n", stderr: "no room\n\u001b[31mgiving up\u0007\n\n", exitCode: 2 },
  { stdout: "disk ok\nin 12 s\n", stderr: "", exitCode: 0 },
];

let hub: TestHub;
let admin: TestClient;
const agents: TestAgent[] = [];
let assetIds: string[];
let runId: string;
/** Those on which a script goes well from now on. */
const mended = new Set<number>();

const read = (id: string) => admin.query<Run>("runs.get", { id });
const finished = (id: string) =>
  eventually(
    () => read(id),
    ({ state }) => state === "finished",
    { what: "the run" },
  );
type Compared = { groups: Group[]; groupCount: number; total: number; ends: Group[] };
const compare = (more: object) => admin.query<Compared>("runs.compare", { id: runId, ...more });
const page = (more: object) => admin.query<Page>("runs.executions", { id: runId, ...more });

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  for (const [n, end] of ends.entries()) {
    const { exitCode } = end;
    const [stdout, stderr] = [Buffer.from(end.stdout), Buffer.from(end.stderr)];
    agents.push(await hub.enrolAgent({ script: () => ({ stdout, stderr, exitCode: mended.has(n) ? 0 : exitCode }) }));
  }
  assetIds = await Promise.all(
    agents.map(async ({ id }) => (await admin.query<{ assetId: string }>("fleet.agent", { id })).assetId),
  );
  const run = { assetIds, script: "check", interpreter: "sh", title: "Check", env: { A: "1" } };
  runId = (await admin.mutate<{ id: string }>("runs.create", run)).id;
  await finished(runId);
});
afterAll(() => hub[Symbol.asyncDispose]());

test("pages are by name, letters in the same order, and a run without its executions is small", async () => {
  const names = (await read(runId)).executions.map(({ assetName }) => assetName);
  const first = await page({ limit: 2 });
  const rest = await page({ offset: 2 });
  expect([...first.items, ...rest.items].map(({ assetName }) => assetName)).toEqual(names);
  expect(first.total).toBe(5);
  const { cells } = await admin.query<{ cells: string }>("runs.cells", { id: runId });
  const failed = await page({ group: "failed" });
  expect(failed).toMatchObject({ total: 1, items: [{ exitCode: 2 }] });
  expect(cells).toBe(names.map((name) => (name === failed.items[0]?.assetName ? "f" : "o")).join(""));
  expect(await page({ search: failed.items[0]?.assetName })).toMatchObject({ total: 1 });
  expect(await admin.query("runs.get", { id: runId, executions: false })).toMatchObject({ executions: [], counts: { total: 5 } });
});

test("says where a host stands and who ran on it; its names are asked for by ids", async () => {
  const [one, two] = assetIds;
  await admin.mutate("assets.change", { id: one, labels: ["env:prod", "region:eu-central"] });
  const { items } = await page({});
  expect(items.map((item) => Reflect.get(item, "region")).sort()).toEqual(["eu-central", null, null, null, null]);
  expect(items.every((item) => Reflect.get(item, "agentName") === item.assetName)).toBe(true);
  const named = await (await admin.rest("GET", `/api/v1/assets?ids=${one},${two},ast_nobody`)).json();
  expect(named).toMatchObject({ total: 2 });
  expect(await admin.query("assets.list", { ids: [two], scope: "all" })).toMatchObject({ items: [{ id: two }] });
});

test("hosts are grouped by what they printed on both channels and how they ended", async () => {
  const { groups, groupCount, total, ends } = await compare({});
  expect({ groupCount, total }).toEqual({ groupCount: 3, total: 5 });
  expect(groups.map(({ count, exitCode }) => ({ count, exitCode }))).toEqual(
    expect.arrayContaining([
      { count: 3, exitCode: 0 },
      { count: 1, exitCode: 0 },
      { count: 1, exitCode: 2 },
    ]),
  );
  expect(groups[0]?.count).toBe(3);
  expect(await page({ sameAs: groups[0]?.executionId })).toMatchObject({ total: 3 });
  expect(new Set(groups.map(({ digest }) => digest)).size).toBe(3);
  expect(ends).toMatchObject([
    { count: 4, exitCode: 0 },
    { count: 1, exitCode: 2 },
  ]);
  const succeeded = await compare({ endLike: groups[0]?.executionId });
  expect(succeeded).toMatchObject({ groupCount: 2, total: 4, ends });
});

test("says in which lines a host differs, with numbers or without", async () => {
  const { groups } = await compare({});
  const [most, ...others] = groups.map(({ executionId }) => executionId);
  const warned = others.find((_, n) => groups[n + 1]?.exitCode === 0);
  const ask = (ignoreNumbers: boolean) => admin.query("runs.difference", { id: warned, from: most, ignoreNumbers });
  const warning = { stream: "stderr", change: "added", text: "a warning" };
  expect(await ask(false)).toEqual({
    lines: [
      { stream: "stdout", change: "removed", text: "in 12 s" },
      { stream: "stdout", change: "added", text: "in 4 s" },
      warning,
    ],
    more: 0,
    cut: false,
    unlike: false,
  });
  expect(await ask(true)).toMatchObject({ lines: [warning], more: 0 });
});

test("the last line of a host is one harmless line, of stderr where it failed", async () => {
  const { items } = await page({});
  const shown = items.map(({ exitCode, lastLine }) => `${exitCode} ${lastLine}`);
  expect(shown.sort()).toEqual(["0 in 12 s", "0 in 12 s", "0 in 12 s", "0 in 4 s", "2 giving up"]);
});

test("runs again on those that failed, or on chosen ones, with the same text and as a run of its own", async () => {
  mended.add(3);
  const again = await admin.mutate<{ id: string }>("runs.again", { id: runId, which: "failed" });
  expect(await finished(again.id)).toMatchObject({
    trigger: "again",
    title: "Check",
    body: "check",
    env: { A: "1" },
    counts: { total: 1, succeeded: 1 },
  });
  const [one, two] = (await page({ limit: 2 })).items;
  const chosen = { id: runId, which: "chosen", executionIds: [one?.id, two?.id] };
  const { id } = await admin.mutate<{ id: string }>("runs.again", chosen);
  expect((await finished(id)).executions.map(({ assetName }) => assetName)).toEqual([one?.assetName, two?.assetName]);
  const { groups } = await compare({});
  const alike = { id: runId, which: "alike", sameAs: groups[0]?.executionId };
  const { assetIds: those } = await admin.query<{ assetIds: string[] }>("runs.targets", alike);
  expect(those).toHaveLength(3);
  const repeated = await admin.mutate<{ id: string }>("runs.again", alike);
  expect(await finished(repeated.id)).toMatchObject({ counts: { total: 3, succeeded: 3 } });
  expect((await admin.query<{ assetIds: string[] }>("runs.targets", { id: repeated.id, which: "all" })).assetIds.sort()).toEqual(
    those.sort(),
  );
  // Nothing failed there: nothing is left to run again.
  expect(await admin.refusal(admin.mutate("runs.again", { id: again.id, which: "failed" }))).toBe("no-targets");
});

test("is another's to run again only where that one's grants allow it, and to see not at all", async () => {
  const user = await hub.as("user");
  expect(await user.refusal(user.mutate("runs.again", { id: runId, which: "failed" }))).toBe("not-found");
  expect(await user.refusal(user.query("runs.compare", { id: runId }))).toBe("not-found");
  const [first, second] = (await page({ limit: 2 })).items;
  expect(await user.refusal(user.query("runs.difference", { id: first?.id, from: second?.id }))).toBe("not-found");
  const auditor = await hub.as("auditor");
  expect(await auditor.query("runs.cells", { id: runId })).toMatchObject({ cells: expect.stringMatching(/^[fo]{5}$/) });
  expect(await auditor.refusal(auditor.mutate("runs.again", { id: runId, which: "failed" }))).toBe("forbidden");
});

test("ten thousand executions are asked for in pieces that a page can wait for", async () => {
  await hub.sql`insert into executions (id, org_id, run_id, asset_id, state, reason, digest, exit_code)
    select 'exe_many' || n, r.org_id, r.id, ${assetIds[0] ?? ""}, 'finished', 'finished', (n % 3)::text, 0
    from runs r, generate_series(1, 10000) n where r.id = ${runId}`;
  const startedAt = performance.now();
  const [run, { cells }, many, compared] = await Promise.all([
    admin.query<Run>("runs.get", { id: runId, executions: false }),
    admin.query<{ cells: string }>("runs.cells", { id: runId }),
    page({ group: "succeeded", offset: 9_000 }),
    compare({ ignoreNumbers: true }),
  ]);
  const tookMs = performance.now() - startedAt;
  expect(run.counts["total"]).toBe(10_005);
  expect(cells).toHaveLength(10_005);
  expect(many).toMatchObject({ total: 10_004 });
  expect(many.items).toHaveLength(100);
  expect(compared).toMatchObject({ total: 10_005 });
  // 300 ms is the aim on a machine of its own; this only refuses what grows with the square.
  expect(tookMs).toBeLessThan(15_000);
});

test("ten thousand that wait are stopped with a few statements, and their run has ended when the answer is here", async () => {
  const away = await hub.enrolAgent();
  away.cut();
  const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: away.id });
  const run = { assetIds: [assetId], script: "check", interpreter: "sh" };
  const { id } = await admin.mutate<{ id: string }>("runs.create", run);
  await hub.sql`insert into executions (id, org_id, run_id, asset_id, state, position)
    select 'exe_held' || n, r.org_id, r.id, ${assetId}, 'held', n from runs r, generate_series(1, 10000) n where r.id = ${id}`;
  const startedAt = performance.now();
  await admin.mutate("runs.stop", { id });
  const tookMs = performance.now() - startedAt;
  expect(await read(id)).toMatchObject({ state: "finished", counts: { total: 10_001, stopped: 10_001 } });
  // 700 ms on two cores; one after the other they would take minutes.
  expect(tookMs).toBeLessThan(30_000);
});
