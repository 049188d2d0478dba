// Tasks end to end: made, due, run in their owner's name, held back and let go. Real hub, real database; the agents count what they were given.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHub } from "../hub.ts";
import { readConfig } from "../platform/config.ts";
import { createLog } from "../platform/log.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, layout, TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
const agents: TestAgent[] = [];
const assetIds: string[] = [];
/** Executions that agents were given, by script, in the order they came. */
const given: { script: string; agent: number; environment: Record<string, string> }[] = [];
/** Scripts that do not end by themselves. */
const endless = new Set<string>();
const failing = new Set<number>();

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  for (let n = 0; n < 4; n++) {
    const agent = await hub.enrolAgent({
      script: (order) => {
        const script = Buffer.from(order.script ?? "").toString();
        given.push({ script, agent: n, environment: order.environment ?? {} });
        if (endless.has(script)) return null;
        return { exitCode: failing.has(n) ? 1 : 0 };
      },
    });
    agents.push(agent);
    assetIds.push((await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id })).assetId);
  }
});
afterAll(() => hub[Symbol.asyncDispose]());

type Run = {
  id: string;
  state: string;
  outcome: string | null;
  counts: Record<string, number>;
  refused: { name: string; code: string }[];
  executions: { waiting: string | null; reason: string | null }[];
};
type Fire = { dueAt: string; outcome: string; reason: string; runId: string | null; more: number };
type Task = { id: string; nextFireAt: string | null; lastRun: Run | null; state: string; owner: { name: string } };

let scripts = 0;
const newScript = async (body = `echo ${scripts++}`, more: object = {}, by = admin) =>
  (await by.mutate<{ id: string }>("scripts.create", { name: `script ${scripts++}`, body, interpreter: "sh", ...more })).id;
const newTask = async (more: object = {}, by = admin) => {
  const scriptId = await newScript(undefined, {}, by);
  const fields = { name: `task ${scripts}`, scriptId, targets: { assetIds }, ...more };
  return (await by.mutate<{ id: string }>("tasks.create", fields)).id;
};
const runNow = async (id: string, by = admin) => (await by.mutate<{ id: string }>("tasks.run", { id })).id;
const read = (id: string) => admin.query<Run>("runs.get", { id });
const when = (id: string, holds: (run: Run) => boolean) => eventually(() => read(id), holds, { what: "the run" });
const finished = (id: string) => when(id, ({ state }) => state === "finished");
const taskOf = (id: string) => admin.query<Task>("tasks.get", { id });
const firesOf = async (id: string) => (await admin.query<{ items: Fire[] }>("tasks.fires", { id })).items;
const fired = (id: string, count: number) =>
  eventually(
    () => firesOf(id),
    (fires) => fires.length >= count,
    { what: "the fires" },
  );
const everyHour = { kind: "cron", expression: "0 * * * *", timeZone: "UTC" };

describe("a script that is kept", () => {
  test("is run as it was when its version was written, with its parameters as its environment and its words", async () => {
    const parameters = [
      { name: "DAYS", label: "Days", type: "integer", required: true, min: 1 },
      { name: "WHAT", label: "What", type: "string", as: "argument", default: "all of it; $(id)" },
    ];
    const scriptId = await newScript("first", { parameters });
    expect(await admin.refusal(admin.mutate("runs.create", { assetIds, scriptId }))).toBe("bad-parameter");
    await admin.mutate("scripts.addVersion", { id: scriptId, after: 1, body: "second", interpreter: "bash", note: "better" });
    expect(
      await admin.refusal(admin.mutate("scripts.addVersion", { id: scriptId, after: 1, body: "third", interpreter: "sh" })),
    ).toBe("conflict");
    const run = await admin.mutate<{ id: string }>("runs.create", { assetIds, scriptId, version: 1, parameters: { DAYS: 7 } });
    expect(await finished(run.id)).toMatchObject({
      outcome: "succeeded",
      title: expect.stringMatching(/^script/),
      body: "first",
      args: ["all of it; $(id)"],
      env: { DAYS: "7" },
    });
    expect(given.filter(({ script }) => script === "first").map(({ environment }) => environment)).toEqual(
      Array.from({ length: 4 }, () => ({ DAYS: "7" })),
    );
    const versions = await admin.query<{ items: { number: number; note: string }[] }>("scripts.versions", { id: scriptId });
    expect(versions.items).toMatchObject([{ number: 2, note: "better" }, { number: 1 }]);
    expect(await admin.refusal(admin.mutate("scripts.remove", { id: scriptId }))).toBe("script-in-use");
    await admin.mutate("scripts.archive", { id: scriptId });
    expect(await admin.refusal(admin.mutate("runs.create", { assetIds, scriptId }))).toBe("archived");
  });

  test("that is private is nobody else's, not even to know of; one of the organisation is read by those who run, changed by its owner", async () => {
    const [ada, bob] = [await hub.as("user", "ada"), await hub.as("user", "bob")];
    const mine = await newScript("private", {}, ada);
    const refused = [
      () => bob.query("scripts.get", { id: mine }),
      () => bob.mutate("scripts.change", { id: mine, name: "his" }),
      () => bob.mutate("scripts.duplicate", { id: mine, name: "copy" }),
      () => admin.query("scripts.version", { id: mine, number: 1 }),
    ];
    for (const call of refused) expect(await ada.refusal(call())).toBe("not-found");
    await ada.mutate("scripts.change", { id: mine, visibility: "organisation" });
    expect(await bob.query("scripts.get", { id: mine })).toMatchObject({ mayChange: false });
    expect(await ada.refusal(bob.mutate("scripts.addVersion", { id: mine, after: 1, body: "x", interpreter: "sh" }))).toBe(
      "forbidden",
    );
    const copy = (await bob.mutate<{ id: string }>("scripts.duplicate", { id: mine, name: "copy" })).id;
    expect(await bob.query("scripts.get", { id: copy })).toMatchObject({ mayChange: true, visibility: "private" });
  });
});

describe("a rolling run", () => {
  test("lets one canary go, waits for a person, then halts at too many failures and can be given up", async () => {
    failing.add(1).add(2);
    const rolling = {
      canary: { kind: "count", value: 1 },
      pauseAfterCanary: true,
      window: { kind: "count", value: 1 },
      maxErrors: { kind: "count", value: 0 },
    };
    const { id } = await admin.mutate<{ id: string }>("runs.create", { assetIds, script: "rolled", interpreter: "sh", rolling });
    const paused = await when(id, ({ state }) => state === "paused");
    expect(paused.counts).toMatchObject({ succeeded: 1, held: 3 });
    expect(paused.executions.map(({ waiting }) => waiting)).toContain("paused");
    expect(given.filter(({ script }) => script === "rolled").map(({ agent }) => agent)).toEqual([0]);
    await admin.mutate("runs.goOn", { id });
    const halted = await when(id, ({ state }) => state === "halted");
    expect(halted.counts).toMatchObject({ succeeded: 1, failed: 1, held: 2 });
    const { items } = await admin.query<{ items: { kind: string }[] }>("audit.list", { kind: "run.continued" });
    expect(items).toHaveLength(1);
    await admin.mutate("runs.goOn", { id });
    await when(id, ({ state, counts }) => state === "halted" && counts["failed"] === 2);
    await admin.mutate("runs.stop", { id });
    expect(await finished(id)).toMatchObject({ outcome: "mixed", counts: { succeeded: 1, failed: 2, stopped: 1 } });
    expect(await admin.refusal(admin.mutate("runs.goOn", { id }))).toBe("conflict");
    failing.clear();
  });
});

describe("a task", () => {
  test("runs in its owner's name, on what he may run on; what is refused is told by name, and what he may not see by none", async () => {
    const ada = await hub.as("user", "owner");
    const { me } = await ada.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetIds[0] ?? ""], ["run"]);
    await hub.grant(me.id, [assetIds[1] ?? ""], ["connect"]);
    const id = await newTask({}, ada);
    const preview = await ada.mutate("tasks.preview", { targets: { assetIds } });
    expect(preview).toMatchObject({ allowed: 1, refusedCount: 3 });
    const run = await finished(await runNow(id, ada));
    expect(run).toMatchObject({ outcome: "succeeded", counts: { total: 1 } });
    expect(run.refused.map(({ name, code }) => [name !== "", code]).sort()).toEqual([
      [false, "not-found"],
      [false, "not-found"],
      [true, "no-grant"],
    ]);
    expect(await ada.refusal(admin.mutate("tasks.run", { id }))).toBe("forbidden");
    expect(await taskOf(id)).toMatchObject({ owner: { name: "owner" }, lastRun: { id: run.id } });
  });

  test("is due by its schedule: each moment once, though three look at once, and the next is known", async () => {
    const id = await newTask({ schedule: everyHour });
    const before = await taskOf(id);
    clock.advance(Date.parse(before.nextFireAt ?? "") - clock.now().getTime() + 1_000);
    const [fire] = await fired(id, 1);
    expect(fire).toMatchObject({ dueAt: before.nextFireAt, outcome: "started" });
    expect(await finished(fire?.runId ?? "")).toMatchObject({ outcome: "succeeded", trigger: "schedule" });
    const after = await taskOf(id);
    expect(Date.parse(after.nextFireAt ?? "") - Date.parse(before.nextFireAt ?? "")).toBe(3_600_000);
    await admin.mutate("tasks.pause", { id });
    expect(await taskOf(id)).toMatchObject({ state: "paused", nextFireAt: null });
    clock.advance(7_200_000);
    await admin.mutate("tasks.start", { id });
    expect(await firesOf(id)).toHaveLength(1);
    await admin.mutate("tasks.archive", { id });
  });

  test("that slept says what it missed, and catches up once", async () => {
    const id = await newTask({ schedule: everyHour });
    const left = await newTask({ schedule: everyHour, misfire: "do_nothing" });
    clock.advance(5 * 3_600_000 + 120_000);
    const fires = await fired(id, 4);
    expect(fires.map(({ outcome }) => outcome).sort()).toEqual([
      ...Array.from({ length: fires.length - 1 }, () => "missed"),
      "started",
    ]);
    expect((await fired(left, 4)).every(({ outcome }) => outcome === "missed")).toBe(true);
    for (const one of [id, left]) await admin.mutate("tasks.archive", { id: one });
  });

  test("is due by the clock that was set back, and runs at a moment it had missed", async () => {
    const id = await newTask({ schedule: { ...everyHour, expression: "*/10 * * * *" }, misfire: "do_nothing" });
    const first = (await taskOf(id)).nextFireAt ?? "";
    const ahead = Date.parse(first) - clock.now().getTime() + 2 * 3_600_000 + 120_000;
    clock.advance(ahead);
    expect((await fired(id, 2)).filter(({ dueAt }) => dueAt === first)).toMatchObject([{ outcome: "missed" }]);
    clock.advance(-ahead);
    await eventually(
      () => taskOf(id),
      ({ nextFireAt }) => nextFireAt === first,
      { what: "the next moment" },
    );
    clock.advance(Date.parse(first) - clock.now().getTime() + 500);
    const again = await eventually(
      () => firesOf(id),
      (fires) => fires.some(({ dueAt, outcome }) => dueAt === first && outcome === "started"),
      { what: "the missed moment" },
    );
    expect(again.filter(({ dueAt }) => dueAt === first)).toHaveLength(1);
    await admin.mutate("tasks.archive", { id });
  });

  test.each([
    ["skip", ["skipped"]],
    ["queue", ["queued", "skipped"]],
    ["replace", ["started"]],
    ["parallel", ["started"]],
  ])("that is due while it runs does as it was told: %s", async (overlap, outcomes) => {
    const body = `endless ${overlap}`;
    endless.add(body);
    const scriptId = await newScript(body);
    const id = await newTask({ scriptId, overlap, schedule: everyHour, targets: { assetIds: assetIds.slice(0, 1) } });
    const first = await runNow(id);
    await when(first, ({ state }) => state === "running");
    for (let n = 0; n < outcomes.length; n++) {
      clock.advance(Date.parse((await taskOf(id)).nextFireAt ?? "") - clock.now().getTime() + 500);
      await fired(id, n + 1);
    }
    expect((await firesOf(id)).map(({ outcome }) => outcome).reverse()).toEqual(outcomes);
    if (overlap === "replace") await when(first, ({ state }) => state === "stopping" || state === "finished");
    if (overlap === "parallel") expect(await read(first)).toMatchObject({ state: "running" });
    if (overlap === "queue") {
      endless.delete(body);
      await admin.mutate("runs.stop", { id: first });
      const started = await eventually(
        () => firesOf(id),
        (fires) => fires.some(({ outcome }) => outcome === "started"),
        { what: "the queued one" },
      );
      await finished(started.find(({ runId }) => runId !== null)?.runId ?? "");
    }
    await admin.mutate("tasks.archive", { id });
    const { items } = await admin.query<{ items: Run[] }>("runs.list", { taskId: id });
    for (const run of items) if (run.state !== "finished") await admin.mutate("runs.stop", { id: run.id });
  });

  test("whose owner may do nothing any more fails and says why", async () => {
    const gone = await hub.as("user", "gone");
    const { me } = await gone.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetIds[0] ?? ""], ["run"]);
    const id = await newTask({ schedule: everyHour }, gone);
    await admin.mutate("people.disable", { id: me.id });
    clock.advance(Date.parse((await taskOf(id)).nextFireAt ?? "") - clock.now().getTime() + 500);
    expect(await fired(id, 1)).toMatchObject([{ outcome: "failed", reason: "owner-gone", runId: null }]);
    await admin.mutate("tasks.archive", { id });
  });

  test("that cannot be fired holds up no other", async () => {
    const broken = await newTask({ schedule: everyHour });
    const sound = await newTask({ schedule: everyHour });
    await hub.sql`update tasks set schedule = '{"kind":"cron","expression":"not one","timeZone":"UTC","calendarIds":[]}',
      next_fire_at = next_fire_at - interval '1 minute' where id = ${broken}`;
    clock.advance(Date.parse((await taskOf(sound)).nextFireAt ?? "") - clock.now().getTime() + 500);
    expect(await fired(sound, 1)).toMatchObject([{ outcome: "started" }]);
    expect(await firesOf(broken)).toEqual([]);
    for (const id of [broken, sound]) await admin.mutate("tasks.archive", { id });
  });

  test("asked to run twice at once runs once, and not at all when it is put away", async () => {
    const body = "endless twice";
    endless.add(body);
    const id = await newTask({ scriptId: await newScript(body), targets: { assetIds: assetIds.slice(0, 1) } });
    const answers = await Promise.all([1, 2, 3].map(() => admin.refusal(runNow(id))));
    expect(answers.sort()).toEqual(["run-going-on", "run-going-on", null].sort());
    const { items } = await admin.query<{ items: Run[] }>("runs.list", { taskId: id });
    expect(items).toHaveLength(1);
    await admin.mutate("runs.stop", { id: items[0]?.id });
    await finished(items[0]?.id ?? "");
    await admin.mutate("tasks.archive", { id });
    expect(await admin.refusal(runNow(id))).toBe("archived");
  });

  test("that waits for its turn and is paused meanwhile gives its turn up", async () => {
    const body = "endless paused";
    endless.add(body);
    const targets = { assetIds: assetIds.slice(0, 1) };
    const id = await newTask({ scriptId: await newScript(body), overlap: "queue", schedule: everyHour, targets });
    const first = await runNow(id);
    await when(first, ({ state }) => state === "running");
    clock.advance(Date.parse((await taskOf(id)).nextFireAt ?? "") - clock.now().getTime() + 500);
    await fired(id, 1);
    await admin.mutate("tasks.pause", { id });
    await admin.mutate("runs.stop", { id: first });
    const fires = await eventually(
      () => firesOf(id),
      ([fire]) => fire?.outcome !== "queued",
      { what: "the turn" },
    );
    expect(fires).toMatchObject([{ outcome: "skipped", reason: "paused" }]);
    await admin.mutate("tasks.archive", { id });
  });

  test("means nodes, labels, conditions and kept sets, each asset once", async () => {
    const node = await admin.mutate<{ id: string }>("nodes.create", { parentId: null, name: "backups" });
    await admin.mutate("nodes.place", { nodeId: node.id, assetIds: assetIds.slice(0, 2), in: true });
    const set = await admin.mutate<{ id: string }>("targetSets.add", {
      name: "two",
      targets: { assetIds: assetIds.slice(1, 3) },
    });
    const targets = { nodeIds: [node.id], setIds: [set.id], assetIds: assetIds.slice(0, 1), where: { search: "nowhere at all" } };
    expect(await admin.mutate("tasks.preview", { targets })).toMatchObject({
      allowed: 3,
      refusedCount: 0,
      nodes: [{ id: node.id, path: "/backups" }],
      fires: [],
    });
    const schedule = { ...everyHour, calendarIds: [] };
    const { fires } = await admin.mutate<{ fires: string[] }>("tasks.preview", { targets, schedule });
    expect(fires).toHaveLength(5);
    const empty = await newTask({ targets: { labels: ["nobody:has"] } });
    expect(await admin.refusal(admin.mutate("tasks.run", { id: empty }))).toBe("no-targets");
  });
});

describe("people are told", () => {
  const kinds = async (task: string, reader = admin) =>
    (await reader.query<{ items: { title: string; kind: string }[] }>("notices.inbox", { language: "en", limit: 100 })).items
      .filter(({ title }) => title.includes(task))
      .map(({ kind }) => kind)
      .reverse();

  test("that a task failed, that it goes on failing, that it has recovered, and that it did not run", async () => {
    const name = "nightly backup";
    const id = await newTask({ name, targets: { assetIds: assetIds.slice(0, 1) }, schedule: everyHour, misfire: "do_nothing" });
    for (const fails of [true, true, true, false, false]) {
      if (fails) failing.add(0);
      else failing.delete(0);
      await finished(await runNow(id));
    }
    clock.advance(3_600_000 + 120_000);
    await fired(id, 1);
    const told = await eventually(
      () => kinds(name),
      (all) => all.includes("run.missed"),
      { what: "the notices" },
    );
    expect(told).toEqual(["run.failed", "run.failed", "run.failing", "run.recovered", "run.missed"]);
    await admin.mutate("tasks.archive", { id });
  });

  test("to the channels and people that were chosen for this task, and to nobody who may not see it", async () => {
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    const robot = { name: "robot", kind: "slack", url: "https://nowhere.invalid", secret: null, active: true, language: "en" };
    const channel = await admin.mutate<{ id: string }>("notices.createChannel", { ...robot, kinds: [], allowsInside: false });
    const notices = [{ channelId: channel.id, kinds: ["run.failed"] }];
    const one = { targets: { assetIds: assetIds.slice(0, 1) } };
    const id = await newTask({ name: "told apart", notices, ...one });
    expect(await taskOf(id)).toMatchObject({ notices: [{ ...notices[0], name: "robot" }], following: null });
    const [auditor, user] = [await hub.as("auditor"), await hub.as("user")];
    const failures = { kinds: ["run.failed"], inbox: true, mail: false };
    await auditor.mutate("tasks.follow", { id, following: failures });
    await admin.mutate("tasks.follow", { id, following: { ...failures, kinds: [] } });
    expect(await user.refusal(user.mutate("tasks.follow", { id, following: failures }))).toBe("not-found");
    // Somebody who might see all runs when he chose, and may not any more.
    await hub.sql`insert into notice_followers (org_id, subject_id, user_id, kinds, inbox, mail)
      select org_id, ${id}, id, '{run.failed}', true, false from users where role = 'user' limit 1`;
    failing.add(0);
    await finished(await runNow(id));
    failing.delete(0);
    expect(await kinds("told apart", auditor)).toEqual(["run.failed"]);
    expect(await kinds("told apart")).toEqual([]);
    expect(await kinds("told apart", user)).toEqual([]);
    const { items } = await admin.query<{ items: { kind: string }[] }>("notices.deliveries", { channelId: channel.id });
    expect(items.map(({ kind }) => kind)).toEqual(["run.failed"]);
    await auditor.mutate("tasks.follow", { id, following: null });
    const copy = await admin.mutate<{ id: string }>("tasks.clone", { id, name: "copy" });
    expect(await taskOf(copy.id)).toMatchObject({ notices, following: null });
    await admin.mutate("notices.removeChannel", { id: channel.id });
    expect(await taskOf(id)).toMatchObject({ notices: [] });
  });
});

test("two hubs on one database fire each moment once", async () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-second-"));
  const config = readConfig(["--port", "0", "--agent-port", "0", "--host", "127.0.0.1", "--data", dataDir], {
    DATABASE_URL: hub.databaseUrl,
  });
  const second = await createHub(config, layout, createLog("fatal"), { clock });
  try {
    const at = new Date(clock.now().getTime() + 3_600_000).toISOString();
    const fields = {
      scriptId: await newScript("many"),
      schedule: { kind: "once", at },
      targets: { assetIds: assetIds.slice(0, 1) },
    };
    const ids = await Promise.all(Array.from({ length: 60 }, () => newTask(fields)));
    clock.advance(3_600_001);
    const [row] = await eventually(
      () => hub.sql<{ fires: number; runs: number; due: number }[]>`
        select (select count(*)::int from task_fires where task_id in ${hub.sql(ids)}) as fires,
          (select count(*)::int from runs where task_id in ${hub.sql(ids)}) as runs,
          (select count(*)::int from tasks where id in ${hub.sql(ids)} and next_fire_at is not null) as due`,
      ([counted]) => counted?.due === 0,
      { what: "all fires" },
    );
    expect(row).toEqual({ fires: 60, runs: 60, due: 0 });
  } finally {
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
