// Runs: each script once, every byte of it, and an end that says what happened. The witness is the agent, not the hub's rows.
import { createHash, randomBytes } from "node:crypto";
import { scriptBytesMax } from "@sallyport/protocol/limits";
import { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent, TestAgentOptions } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

type Execution = {
  id: string;
  state: string;
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
  waiting: string | null;
  stdoutBytes: number;
  stderrBytes: number;
  message: string | null;
};
type Run = {
  id: string;
  state: string;
  outcome: string | null;
  counts: Record<string, number>;
  executions: [Execution, ...Execution[]];
};

const assetOf = async (agent: TestAgent) => (await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id })).assetId;

async function start(agents: TestAgent[], more: object = {}, by = admin): Promise<string> {
  const assetIds = await Promise.all(agents.map(assetOf));
  return (await by.mutate<{ id: string }>("runs.create", { assetIds, script: "echo hi", interpreter: "sh", ...more })).id;
}

const read = (id: string) => admin.query<Run>("runs.get", { id });
const when = (id: string, holds: (run: Run) => boolean) => eventually(() => read(id), holds, { what: "the run" });
const finished = (id: string) => when(id, ({ state }) => state === "finished");
const output = async (execution: Execution, channel: "stdout" | "stderr") =>
  Buffer.from(await (await admin.rest("GET", `/api/v1/executions/${execution.id}/${channel}`)).arrayBuffer());
const never: TestAgentOptions = { script: () => null };

/** Looked at when the other tests are done. */
const expireLater: (() => Promise<void>)[] = [];

describe("a run", () => {
  test("a hub restarted in the middle loses nothing and ends it once", async () => {
    const agent = await hub.enrolAgent(never);
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    const out = agent.runs.get(executions[0].id)?.outputs[0]?.ring;
    const parts = [randomBytes(150_000), randomBytes(200_000), randomBytes(50_000)];
    out?.append(parts[0] ?? Buffer.alloc(0));
    agent.mux.wake();
    await when(id, (run) => run.executions[0].stdoutBytes > 0);
    await hub.restart();
    out?.append(parts[1] ?? Buffer.alloc(0));
    await agent.link();
    out?.append(parts[2] ?? Buffer.alloc(0));
    agent.endScript(executions[0].id, 0);
    const run = await finished(id);
    expect(run.executions).toMatchObject([{ reason: "finished", stdoutBytes: 400_000 }]);
    expect((await output(run.executions[0], "stdout")).equals(Buffer.concat(parts))).toBe(true);
    expect(agent.begun).toHaveLength(1);
    const { total } = await admin.query<{ total: number }>("audit.list", { subjectId: id, kind: "run.finished" });
    expect(total).toBe(1);
    agent.stop();
  });

  test("nobody fetched in an hour is not run by an agent that is back later", async () => {
    const agent = await hub.enrolAgent();
    agent.cut();
    const id = await start([agent]);
    clock.advance(3_600_000 + 1_000);
    await agent.link();
    for (let n = 0; n < 3; n++) agent.say({ runPull: { max: 8 } });
    expireLater.push(async () => {
      // Swept every half minute.
      expect(await finished(id)).toMatchObject({ outcome: "failed", executions: [{ reason: "expired" }] });
      expect(agent.begun).toEqual([]);
      agent.stop();
    });
  });

  test("brings back every byte of both channels, two megabytes of binary among them", async () => {
    const [stdout, stderr] = [randomBytes(2 * 1024 * 1024 + 13), randomBytes(300_007)];
    const agent = await hub.enrolAgent({ script: () => ({ stdout, stderr }) });
    const run = await finished(await start([agent], { script: "cat /dev/urandom" }));
    expect(run).toMatchObject({ outcome: "succeeded" });
    const [execution] = run.executions;
    expect(execution).toMatchObject({ reason: "finished", exitCode: 0, stdoutBytes: stdout.length, stderrBytes: stderr.length });
    const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(hash(await output(execution, "stdout"))).toBe(hash(stdout));
    expect(hash(await output(execution, "stderr"))).toBe(hash(stderr));
    expect(agent.begun).toEqual([execution.id]);
    agent.stop();
  });

  test("hands the agent what was asked for, signed, and nothing else", async () => {
    const orders: wire.RunScript[] = [];
    const agent = await hub.enrolAgent({
      script: (order) => {
        orders.push(order);
        return {};
      },
    });
    const script = "echo 'ünï' \"$1\"\n";
    const more = { script, interpreter: "bash", args: ["a b", "", "你好"], env: { A_1: "x=y\nz", B: "" }, timeoutSeconds: 77 };
    await finished(await start([agent], more));
    expect(orders).toHaveLength(1);
    const [order] = orders;
    expect(order).toMatchObject({ interpreter: "bash", arguments: more.args, environment: more.env, timeoutSeconds: 77 });
    expect(Buffer.from(order?.script ?? []).toString()).toBe(script);
    expect(Buffer.from(order?.scriptSha256 ?? []).toString("hex")).toBe(createHash("sha256").update(script).digest("hex"));
    agent.stop();
  });

  test("fails with the script's exit code", async () => {
    const agent = await hub.enrolAgent({ script: () => ({ exitCode: 3, stderr: Buffer.from("no") }) });
    const run = await finished(await start([agent]));
    expect(run).toMatchObject({ outcome: "failed", counts: { total: 1, failed: 1 } });
    expect(run.executions[0]).toMatchObject({ reason: "failed", exitCode: 3 });
    agent.stop();
  });

  test("waits for an agent that is offline and runs when it is back", async () => {
    const agent = await hub.enrolAgent();
    agent.cut();
    await eventually(
      () => admin.query<{ state: string }>("fleet.agent", { id: agent.id }),
      ({ state }) => state === "offline",
    );
    const id = await start([agent]);
    expect(await read(id)).toMatchObject({ state: "queued", executions: [{ state: "queued", waiting: "offline" }] });
    await agent.link();
    expect(await finished(id)).toMatchObject({ outcome: "succeeded" });
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });

  test("of fifty executions on five agents counts right", async () => {
    const agents = await Promise.all(
      [0, 0, 0, 7, 7].map((exitCode) => hub.enrolAgent({ script: () => ({ exitCode, stdout: Buffer.from("x") }) })),
    );
    const ids = await Promise.all(Array.from({ length: 10 }, () => start(agents)));
    const runs = await Promise.all(ids.map((id) => finished(id)));
    for (const run of runs) {
      expect(run).toMatchObject({
        outcome: "mixed",
        counts: { total: 5, succeeded: 3, failed: 2, stopped: 0, queued: 0, running: 0 },
      });
      expect(run.executions.every(({ stdoutBytes }) => stdoutBytes === 1)).toBe(true);
    }
    for (const agent of agents) {
      expect(agent.begun).toHaveLength(10);
      expect(new Set(agent.begun).size).toBe(10);
      agent.stop();
    }
  });
});

describe("stopping", () => {
  test("before anything was offered ends it at once, and the script never begins", async () => {
    const agent = await hub.enrolAgent();
    agent.cut();
    const id = await start([agent]);
    await admin.mutate("runs.stop", { id });
    expect(await finished(id)).toMatchObject({ outcome: "stopped", executions: [{ reason: "stopped" }] });
    await agent.link();
    await admin.query("fleet.agent", { id: agent.id });
    expect(agent.begun).toEqual([]);
    agent.stop();
  });

  test("while it runs sends a signed order and takes the agent's word for the end", async () => {
    const agent = await hub.enrolAgent(never);
    const id = await start([agent]);
    await when(id, ({ executions }) => executions[0].state === "running");
    await admin.mutate("runs.stop", { id });
    expect(await finished(id)).toMatchObject({ outcome: "stopped", executions: [{ reason: "stopped", signal: "SIGTERM" }] });
    agent.stop();
  });

  test("an execution leaves the others alone", async () => {
    const agents = await Promise.all([hub.enrolAgent(never), hub.enrolAgent(never)]);
    const id = await start(agents);
    const { executions } = await when(id, (run) => run.executions.every(({ state }) => state === "running"));
    await admin.mutate("runs.stopExecution", { id: executions[0].id });
    const run = await when(id, ({ counts }) => counts["stopped"] === 1);
    expect(run).toMatchObject({ state: "running", counts: { stopped: 1, running: 1 } });
    for (const agent of agents) for (const execution of agent.runs.keys()) agent.endScript(execution, 0);
    expect(await finished(id)).toMatchObject({ outcome: "mixed" });
    for (const agent of agents) agent.stop();
  });

  test("twice, or after the end, changes nothing", async () => {
    const agent = await hub.enrolAgent();
    const id = await start([agent]);
    await finished(id);
    await admin.mutate("runs.stop", { id });
    await admin.mutate("runs.stop", { id });
    expect(await read(id)).toMatchObject({ state: "finished", outcome: "succeeded" });
    agent.stop();
  });
});

describe("a script that waits", () => {
  const operator = async () => {
    const client = await hub.as("user");
    return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id };
  };
  const offline = async () => {
    const agent = await hub.enrolAgent();
    const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id });
    agent.cut();
    return { agent, assetId };
  };
  const script = { script: "true", interpreter: "sh" };

  test("is over when the grant is withdrawn, and never begins", async () => {
    const [{ client, id }, { agent, assetId }] = [await operator(), await offline()];
    const grantId = await hub.grant(id, [assetId], ["run"]);
    const run = await client.mutate<{ id: string }>("runs.create", { assetIds: [assetId], ...script });
    await admin.mutate("access.revoke", { id: grantId });
    expect(await read(run.id)).toMatchObject({ state: "finished", outcome: "failed", executions: [{ reason: "no-grant" }] });
    await agent.link();
    expect(agent.begun).toEqual([]);
    agent.stop();
  });

  test("is not offered once the grant has ended by time", async () => {
    const [{ client, id }, { agent, assetId }] = [await operator(), await offline()];
    const grantId = await hub.grant(id, [assetId], ["run"]);
    const run = await client.mutate<{ id: string }>("runs.create", { assetIds: [assetId], ...script });
    await hub.sql`update grants set expires_at = now() - interval '1 second' where id = ${grantId}`;
    await agent.link();
    expect(await finished(run.id)).toMatchObject({ outcome: "failed", executions: [{ reason: "no-grant" }] });
    expect(agent.begun).toEqual([]);
    agent.stop();
  });

  test("goes on when another grant allows it as well", async () => {
    const [{ client, id }, { agent, assetId }] = [await operator(), await offline()];
    const grants = [await hub.grant(id, [assetId], ["run"]), await hub.grant(id, [assetId], ["run"])];
    const run = await client.mutate<{ id: string }>("runs.create", { assetIds: [assetId], ...script });
    await admin.mutate("access.revoke", { id: grants[0] });
    await agent.link();
    expect(await finished(run.id)).toMatchObject({ outcome: "succeeded" });
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });
});

describe("at most once", () => {
  test("a lost notice is said again", async () => {
    let lost = 0;
    const agent = await hub.enrolAgent({ lose: (body) => body === "runLook" && lost++ === 0 });
    expect(await finished(await start([agent]))).toMatchObject({ outcome: "succeeded" });
    expect(lost).toBeGreaterThan(0);
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });

  test("notices and pulls may be doubled", async () => {
    const agent = await hub.enrolAgent();
    const id = await start([agent]);
    for (let n = 0; n < 10; n++) agent.say({ runPull: { max: 8 } });
    await finished(id);
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });

  test("a claim may be doubled: the second is answered, nothing begins twice", async () => {
    const agent = await hub.enrolAgent(never);
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    const claim = { executionId: executions[0].id, attempt: 1, stream: agent.runs.get(executions[0].id)?.stream ?? 0 };
    for (let n = 0; n < 5; n++) agent.say({ runClaim: claim });
    agent.endScript(executions[0].id, 0);
    expect(await finished(id)).toMatchObject({ outcome: "succeeded" });
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });

  test("a claim for another attempt is refused and changes nothing", async () => {
    const agent = await hub.enrolAgent({ ...never, lose: (body) => body === "runOffers" });
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "offered");
    agent.say({ runClaim: { executionId: executions[0].id, attempt: 9, stream: 5 } });
    await eventually(
      () => agent.downs.includes("runGo"),
      (answered) => answered,
    );
    expect(await read(id)).toMatchObject({ executions: [{ state: "offered" }] });
    agent.stop();
  });

  test("an offer lost on its way is offered again when the agent is back", async () => {
    let losing = true;
    const agent = await hub.enrolAgent({ lose: (body) => losing && body === "runOffers" });
    const id = await start([agent]);
    await when(id, ({ executions }) => executions[0].state === "offered");
    agent.cut();
    losing = false;
    await agent.link();
    expect(await finished(id)).toMatchObject({ outcome: "succeeded" });
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });

  test("a result may be doubled, and lost: it is believed once", async () => {
    const agent = await hub.enrolAgent({ ...never, lose: (body) => body === "runResultAck" });
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    agent.runs.get(executions[0].id)?.outputs[0]?.ring.append(Buffer.from("printed"));
    agent.mux.wake();
    agent.endScript(executions[0].id, 4);
    const { result } = agent.runs.get(executions[0].id) ?? { result: null };
    await finished(id);
    for (let n = 0; n < 5; n++) agent.say({ runResult: { ...result, exitCode: 0 } });
    agent.cut();
    await agent.link();
    const run = await read(id);
    expect(run.executions).toMatchObject([{ reason: "failed", exitCode: 4, stdoutBytes: 7 }]);
    const { total } = await admin.query<{ total: number }>("audit.list", { subjectId: id, kind: "run.finished" });
    expect(total).toBe(1);
    agent.stop();
  });

  test("another agent's claim, start and result change nothing", async () => {
    const [agent, thief] = [await hub.enrolAgent(never), await hub.enrolAgent()];
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    const forged = { executionId: executions[0].id, attempt: 1 };
    thief.say({ runClaim: { ...forged, stream: 1 } });
    thief.say({ runStarted: { ...forged, startedAtMs: 1 } });
    thief.say({ runResult: { ...forged, end: wire.RunEnd.RUN_EXITED, exited: true, exitCode: 0 } });
    await eventually(
      () => thief.downs.includes("runResultAck"),
      (answered) => answered,
    );
    expect(await read(id)).toMatchObject({ state: "running", executions: [{ state: "running" }] });
    agent.endScript(executions[0].id, 0);
    await finished(id);
    agent.stop();
    thief.stop();
  });

  test("an agent that is back without the execution has lost it, and it is not run again", async () => {
    const agent = await hub.enrolAgent(never);
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    agent.cut();
    agent.forget(executions[0].id);
    await agent.link();
    expect(await finished(id)).toMatchObject({ outcome: "failed", executions: [{ reason: "agent-restarted" }] });
    expect(agent.begun).toHaveLength(1);
    agent.stop();
  });
});

describe("an agent's word on the end", () => {
  test.each([
    ["with NUL in its message", { message: "gone\0wrong", signal: "SIG\0" }],
    ["with half a character in its message", { message: `a${"😀".repeat(1_000)}` }],
    ["dated in the year 275,000", { startedAtMs: 8.6e15, endedAtMs: 8.6e15 }],
    ["dated before it began", { startedAtMs: 5, endedAtMs: 1 }],
    ["with an end nobody knows", { end: 99 }],
  ])("%s is taken, and the run can still be read", async (_, more) => {
    const agent = await hub.enrolAgent(never);
    const id = await start([agent]);
    const { executions } = await when(id, (run) => run.executions[0].state === "running");
    agent.say({
      runResult: { executionId: executions[0].id, attempt: 1, end: wire.RunEnd.RUN_EXITED, exited: true, exitCode: 1, ...more },
    });
    const run = await finished(id);
    expect(run.executions[0].message ?? "").not.toContain("\0");
    agent.stop();
  });
});

describe("a request to run", () => {
  const assetIds = ["ast_x"];
  const bytes = (n: number) => "é".repeat(Math.floor(n / 2)) + "x".repeat(n % 2);

  test("may carry a script of exactly the cap, in bytes, and it arrives whole", async () => {
    const seen: number[] = [];
    const agent = await hub.enrolAgent({
      script: (order) => {
        seen.push(order.script.length);
        return {};
      },
    });
    expect(await finished(await start([agent], { script: bytes(scriptBytesMax) }))).toMatchObject({ outcome: "succeeded" });
    expect(seen).toEqual([scriptBytesMax]);
    agent.stop();
  });

  test.each([
    ["a script of one byte more", { script: bytes(scriptBytesMax + 1) }],
    ["no script", { script: "" }],
    ["an interpreter by its path", { interpreter: "/bin/sh" }],
    ["a variable's name with =", { env: { "A=B": "x" } }],
    ["a variable's name with a newline", { env: { "A\nB": "x" } }],
    ["a variable's name that begins with a digit", { env: { "1A": "x" } }],
    ["a variable's name that is empty", { env: { "": "x" } }],
    ["NUL in an argument", { args: ["a\0b"] }],
    ["NUL in a variable", { env: { A: "a\0b" } }],
    ["three hundred arguments", { args: Array.from({ length: 300 }, () => "x") }],
    ["arguments of 200 KiB", { args: ["x".repeat(200 * 1024)] }],
    ["no time at all", { timeoutSeconds: 0 }],
    ["a time limit of two days", { timeoutSeconds: 172_800 }],
    ["no assets", { assetIds: [] }],
    ["ten thousand and one assets", { assetIds: Array.from({ length: 10_001 }, (_, n) => `ast_${n}`) }],
    ["NUL in the script", { script: "echo \0" }],
    ["NUL in the title", { title: "a\0b" }],
  ])("with %s is refused", async (_, more) => {
    const request = { assetIds, script: "true", interpreter: "sh", ...more };
    expect(await admin.refusal(admin.mutate("runs.create", request))).toBe("bad-input");
  });

  test("with an interpreter that nobody has allowed is refused before anything is written", async () => {
    const agent = await hub.enrolAgent(never);
    const before = await admin.query<{ total: number }>("runs.list", {});
    expect(await admin.refusal(start([agent], { interpreter: "perl" }))).toBe("bad-input");
    expect(await admin.query<{ total: number }>("runs.list", {})).toMatchObject({ total: before.total });
    agent.stop();
  });

  test("without a grant to run is refused, on any of its assets, and nothing runs on the others", async () => {
    const [granted, other] = [await hub.enrolAgent(), await hub.enrolAgent()];
    const user = await hub.as("user");
    const { me } = await user.query<{ me: { id: string } }>("auth.state");
    expect(await user.refusal(start([granted], {}, user))).toBe("not-found");
    await hub.grant(me.id, [await assetOf(granted)], ["connect"]);
    expect(await user.refusal(start([granted], {}, user))).toBe("no-grant");
    await hub.grant(me.id, [await assetOf(granted)], ["run"]);
    expect(await user.refusal(start([granted, other], {}, user))).toBe("not-found");
    expect(granted.begun).toEqual([]);
    const id = await start([granted], {}, user);
    await finished(id);
    const stranger = await hub.as("user");
    expect(await stranger.refusal(stranger.query("runs.get", { id }))).toBe("not-found");
    expect(await stranger.refusal(stranger.mutate("runs.stop", { id }))).toBe("not-found");
    granted.stop();
    other.stop();
  });
});

test("what expired says so", async () => {
  expect(expireLater).toHaveLength(1);
  for (const look of expireLater) await look();
});
