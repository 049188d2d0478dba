// Scripts over a real link: run once, stopped for sure, every byte of both channels, and a result the hub has heard.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { markOf, pidOf } from "../state/process-mark.ts";
import { enrolledState, linkedAgent, spawnAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A zombie that nobody has reaped is not alive. */
const isAlive = (pid: number): boolean => markOf(pid) !== null;

test("an execution is journalled before it is claimed, and begins only when the hub says go", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const witness = path.join(scratch(), "ran");
  const { executionId, attempt, sequence, signed } = hub.offer(`touch ${witness}`);
  const order = path.join(agent.stateDir, "journal", `${executionId}.1`, "order.bin");
  let journalledFirst = false;
  hub.onHeard = (message) => {
    if (message.body === "runClaim") journalledFirst = fs.existsSync(order);
  };
  hub.say({ runOffers: { offers: [signed] } });
  const claim = await hub.hear("runClaim");
  expect(journalledFirst).toBe(true);
  expect(claim.stream).toBe(sequence);
  await new Promise((resolve) => setTimeout(resolve, 300)); // long enough for a script that should not run
  expect(fs.existsSync(witness)).toBe(false);
  hub.addStream(sequence, [0, 1]);
  hub.say({ runGo: { executionId, attempt, go: true } });
  expect(await hub.resultOf({ executionId, attempt })).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exited: true, exitCode: 0 });
  expect(fs.existsSync(witness)).toBe(true);
  await expect.poll(() => fs.existsSync(order)).toBe(false);
});

test("an offer that comes many times, and a go that comes many times, run once", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const witness = path.join(scratch(), "ran");
  const { executionId, attempt, sequence, signed } = hub.offer(`echo x >> ${witness}; sleep 0.4`);
  for (let n = 0; n < 5; n++) hub.say({ runOffers: { offers: [signed, signed] } });
  await hub.hear("runClaim");
  hub.addStream(sequence, [0, 1]);
  for (let n = 0; n < 5; n++) hub.say({ runGo: { executionId, attempt, go: true } });
  await hub.hear("runStarted");
  hub.say({ runOffers: { offers: [signed] } });
  await hub.resultOf({ executionId, attempt });
  hub.say({ runOffers: { offers: [signed] } });
  expect(await hub.hear("orderOutcome", (outcome) => outcome.sequence === sequence)).toMatchObject({
    accepted: false,
    code: "replayed",
  });
  expect(fs.readFileSync(witness, "utf8")).toBe("x\n");
});

test("stdout and stderr arrive apart, to the byte, with what is not text too", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  const run = await hub.run(
    `head -c 3000000 /dev/urandom | tee ${folder}/out; head -c 2000000 /dev/urandom | tee ${folder}/err >&2; exit 5`,
  );
  const result = await hub.resultOf(run);
  expect(result).toMatchObject({ exited: true, exitCode: 5, stdoutBytes: 3_000_000, stderrBytes: 2_000_000, truncated: false });
  expect(sha256(run.stream.bytes(0))).toBe(sha256(fs.readFileSync(`${folder}/out`)));
  expect(sha256(run.stream.bytes(1))).toBe(sha256(fs.readFileSync(`${folder}/err`)));
  await run.stream.until(() => run.stream.closing !== null);
  expect(run.stream.closing?.exitCode).toBe(5);
});

test("a script may open its channels by name, gets its arguments and variables, and reads nothing", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const run = await hub.run(
    'echo out > /dev/stdout; echo err > /dev/stderr; printf "%s|" "$@" "$NAME" "$SALLYPORT_USER" "$NODE_ENV$VITEST"; cat; tty',
    {
      arguments: ["a b", "$(touch /tmp/never)", "'\"", ""],
      environment: { NAME: "värde; rm -rf /" },
    },
  );
  await hub.resultOf(run);
  expect(run.stream.text(0)).toBe("out\na b|$(touch /tmp/never)|'\"||värde; rm -rf /|ada||not a tty\n");
  expect(run.stream.text(1)).toBe("err\n");
});

test.each([
  ["bash", "echo $BASH_VERSION | cut -c 1"],
  ["python3", "print(1+1)"],
  ["node", "console.log(process.version.slice(0, 1))"],
] as const)("%s scripts run", async (interpreter, script) => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const run = await hub.run(script, { interpreter });
  expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
  expect(run.stream.text(0)).toMatch(/^[25v]\n$/);
});

test("PowerShell is given a file whose name ends as it wants", async () => {
  const bin = scratch();
  fs.writeFileSync(path.join(bin, "pwsh"), '#!/bin/sh\nbasename "$1"\n', { mode: 0o755 });
  const config = readConfig();
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub, enrolledState(hub), { ...config, path: `${bin}:${config.path}` });
  const run = await hub.run("Get-Date", { interpreter: "pwsh" });
  expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
  expect(run.stream.text(0)).toBe("script.ps1\n");
});

test("stopping ends the whole process group, also a child that ignores TERM", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  const run = await hub.run(
    `sh -c 'trap "" TERM; echo $$ > ${folder}/deaf; while :; do sleep 0.1; done' & echo $$ > ${folder}/leader; wait`,
  );
  await expect.poll(() => fs.existsSync(`${folder}/deaf`) && fs.existsSync(`${folder}/leader`), { timeout: 5_000 }).toBe(true);
  const { sequence, signed } = hub.sign({ cancelRun: { executionId: run.executionId, attempt: 1, graceSeconds: 1 } });
  hub.say({ order: signed });
  expect(await hub.hear("orderOutcome", (outcome) => outcome.sequence === sequence)).toMatchObject({ accepted: true });
  expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_STOPPED, exited: false, signal: "SIGTERM" });
  for (const name of ["deaf", "leader"])
    await expect.poll(() => isAlive(Number(fs.readFileSync(`${folder}/${name}`, "utf8")))).toBe(false);
});

test("stopping before the go means that it never begins", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const witness = path.join(scratch(), "ran");
  const { executionId, attempt, signed } = hub.offer(`touch ${witness}`);
  hub.say({ runOffers: { offers: [signed] } });
  await hub.hear("runClaim");
  hub.say({ order: hub.sign({ cancelRun: { executionId, attempt, graceSeconds: 1 } }).signed });
  hub.say({ runGo: { executionId, attempt, go: true } });
  expect(await hub.resultOf({ executionId, attempt })).toMatchObject({ end: wire.RunEnd.RUN_STOPPED, startedAtMs: 0 });
  expect(fs.existsSync(witness)).toBe(false);
});

test("a claim the hub does not want is forgotten", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { executionId, attempt, signed } = hub.offer("true");
  hub.say({ runOffers: { offers: [signed] } });
  await hub.hear("runClaim");
  hub.say({ runGo: { executionId, attempt, go: false, reason: "stopped" } });
  await expect.poll(() => fs.readdirSync(path.join(agent.stateDir, "journal"))).toEqual([]);
});

test("the time limit ends a script, and what it had printed is kept", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const run = await hub.run("echo before; sleep 60; echo after", { timeoutSeconds: 1 });
  expect(await hub.resultOf(run)).toMatchObject({
    end: wire.RunEnd.RUN_TIMEOUT,
    exited: false,
    signal: "SIGTERM",
    stdoutBytes: 7,
  });
  expect(run.stream.text(0)).toBe("before\n");
});

test("output beyond the cap is counted and dropped, and the script goes on", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const witness = path.join(scratch(), "done");
  const run = await hub.run(`head -c 500000 /dev/zero; head -c 99 /dev/zero >&2; touch ${witness}`, { outputBytesMax: 100_000 });
  const result = await hub.resultOf(run);
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_EXITED, stdoutBytes: 100_000, stderrBytes: 99, truncated: true });
  expect(result.message).toContain("400000 bytes of stdout");
  expect(run.stream.bytes(0).length).toBe(100_000);
  expect(fs.existsSync(witness)).toBe(true);
});

test("a daemon the script leaves behind does not hold its end up", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const started = performance.now();
  const run = await hub.run("setsid sleep 30 & echo started");
  expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0, stdoutBytes: 8 });
  expect(performance.now() - started).toBeLessThan(20_000); // before the daemon is
});

test("an interpreter this host has not is a failed start, said in a sentence", async () => {
  await using hub = await TestHub.start();
  const programs = scratch();
  fs.symlinkSync("/usr/bin/mkfifo", path.join(programs, "mkfifo"));
  await using _agent = await linkedAgent(hub, enrolledState(hub), { ...readConfig(), path: programs });
  const run = await hub.run("print(1)", { interpreter: "python3" });
  expect(await hub.resultOf(run)).toMatchObject({
    end: wire.RunEnd.RUN_SPAWN_FAILED,
    exited: false,
    message: "This host has no python3 where programs are looked for.",
  });
});

test.each([
  ["another script than was approved", { script: Buffer.from("touch /tmp/never #") }, "SHA-256"],
  ["a path for an interpreter", { interpreter: "/bin/sh" }, "program's name"],
  ["a NUL in an argument", { arguments: ["a\0b"] }, "NUL"],
  ["a variable that is no name", { environment: { "A=B;": "x" } }, "name"],
  ["no time limit", { timeoutSeconds: 0 }, "time limit"],
  ["too many arguments", { arguments: Array.from({ length: 257 }, () => "x") }, "arguments"],
] as const)("an order with %s is refused with a result and never runs", async (_what, changes, why) => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const { executionId, attempt, signed } = hub.offer("touch /tmp/never", {
    ...changes,
    arguments: [...("arguments" in changes ? changes.arguments : [])],
  });
  hub.say({ runOffers: { offers: [signed] } });
  const result = await hub.resultOf({ executionId, attempt });
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_REFUSED });
  expect(result.message).toContain(why);
  expect(hub.count("runClaim")).toBe(0);
  expect(fs.existsSync("/tmp/never")).toBe(false);
});

test("an agent asks for no more than it can run at once, and for more when one ends", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  expect(await hub.hear("runPull")).toEqual(expect.objectContaining({ max: 8 }));
  const offers = Array.from({ length: 17 }, () => hub.offer("sleep 60"));
  hub.say({ runOffers: { offers: offers.slice(0, 8).map(({ signed }) => signed) } });
  await hub.until(() => hub.count("runPull") === 2);
  hub.say({ runOffers: { offers: offers.slice(8).map(({ signed }) => signed) } });
  expect(await hub.hear("orderOutcome")).toMatchObject({ accepted: false, code: "busy" });
  await hub.until(() => hub.count("runClaim") >= 16);
  const from = hub.heard.length;
  const { executionId, attempt } = offers[0] ?? { executionId: "", attempt: 0 };
  hub.say({ runGo: { executionId, attempt, go: false, reason: "stopped" } });
  hub.say({ runOffers: { offers: [] } }); // it had asked for neighbours, of which it has none
  hub.say({ runLook: {} });
  expect(await hub.hear("runPull", ({ max }) => max === 1, from)).toMatchObject({ max: 1, neighboursMax: 8 });
});

test("a script goes on while its agent is dead; its output is complete and its result is told once", {
  timeout: 40_000,
}, async () => {
  await using hub = await TestHub.start();
  const { stateDir } = enrolledState(hub);
  await using first = spawnAgent(stateDir);
  await hub.hear("heartbeat");
  const folder = scratch();
  const run = await hub.run(
    `for n in $(seq 1 30); do head -c 20000 /dev/urandom | tee -a ${folder}/out; echo $n >&2; sleep 0.1; done; echo x >> ${folder}/ran`,
  );
  await run.stream.until(() => run.stream.bytes(0).length > 60_000);
  first.kill();
  await hub.until(() => !hub.online);
  await expect.poll(() => fs.existsSync(`${folder}/ran`), { timeout: 15_000 }).toBe(true);
  const from = hub.heard.length;
  await using _second = spawnAgent(stateDir);
  const hello = await hub.hear("hello", () => true, from);
  expect(hello.journal).toMatchObject([{ executionId: run.executionId, attempt: 1 }]);
  const result = await hub.resultOf(run);
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exitCode: 0, stdoutBytes: 600_000 });
  expect(sha256(run.stream.bytes(0))).toBe(sha256(fs.readFileSync(`${folder}/out`)));
  expect(run.stream.text(1)).toBe(Array.from({ length: 30 }, (_, n) => `${n + 1}\n`).join(""));
  await expect.poll(() => fs.readdirSync(path.join(stateDir, "journal")), { timeout: 5_000 }).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than the first repeat of a result
  expect(hub.count("runResult")).toBe(1);
  expect(fs.readFileSync(`${folder}/ran`, "utf8")).toBe("x\n");
});

test("a script whose runner was killed is reported lost, with the output so far, and does not go on unseen", {
  timeout: 40_000,
}, async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const folder = scratch();
  const run = await hub.run(`echo $$ > ${folder}/pid; echo so far; sleep 60`);
  await run.stream.until(() => run.stream.text(0) === "so far\n");
  const runner = pidOf(fs.readFileSync(path.join(agent.stateDir, "journal", `${run.executionId}.1`, "runner"), "utf8"));
  process.kill(runner ?? 0, "SIGKILL");
  expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_AGENT_RESTARTED, exited: false, stdoutBytes: 7 });
  await expect.poll(() => isAlive(Number(fs.readFileSync(`${folder}/pid`, "utf8")))).toBe(false);
});

test("after a restart a claimed execution is claimed again, begun, stopped or forgotten, as the hub says", async () => {
  await using hub = await TestHub.start();
  const state = enrolledState(hub);
  const offers = ["wanted", "settled", "begun", "stopped"].map((word) =>
    hub.offer(`echo ${word}`, {}, { agentId: state.agentId }),
  );
  const [wanted, settled, begun, stopped] = offers;
  if (!wanted || !settled || !begun || !stopped) throw new Error("four offers were made");
  {
    await using _agent = await linkedAgent(hub, state);
    hub.say({ runOffers: { offers: offers.map(({ signed }) => signed) } });
    await hub.until(() => hub.count("runClaim") >= 4);
  }
  await hub.until(() => !hub.online);
  const from = hub.heard.length;
  const { JOURNAL_FORGET, JOURNAL_STOP } = wire.JournalAction;
  hub.verdicts = [
    { executionId: settled.executionId, attempt: 1, action: JOURNAL_FORGET },
    { executionId: stopped.executionId, attempt: 1, action: JOURNAL_STOP },
  ];
  const output = hub.addStream(begun.sequence, [0, 1]);
  await using agent = await linkedAgent(hub, state);
  const claimedAgain = await hub.hear("runClaim", ({ executionId }) => executionId === wanted.executionId, from);
  expect(claimedAgain).toMatchObject({ stream: wanted.sequence });
  await hub.hear("runClaim", ({ executionId }) => executionId === begun.executionId, from);
  hub.say({ runGo: { executionId: begun.executionId, attempt: 1, go: true, reason: "" } });
  expect(await hub.resultOf(begun)).toMatchObject({ exitCode: 0 });
  expect(output.text(0)).toBe("begun\n");
  expect(await hub.resultOf(stopped)).toMatchObject({ end: wire.RunEnd.RUN_STOPPED, startedAtMs: 0 });
  const journal = path.join(agent.stateDir, "journal");
  await expect.poll(() => fs.readdirSync(journal)).toEqual([`${wanted.executionId}.1`]);
});

test("a go that was journalled and never followed by a runner is told as unknown", { timeout: 40_000 }, async () => {
  await using hub = await TestHub.start();
  const state = enrolledState(hub);
  const offered = hub.offer("true", {}, { agentId: state.agentId });
  {
    await using _agent = await linkedAgent(hub, state);
    hub.say({ runOffers: { offers: [offered.signed] } });
    await hub.hear("runClaim");
  }
  fs.writeFileSync(path.join(state.stateDir, "journal", `${offered.executionId}.1`, "go"), ""); // the crash fell right here
  await hub.until(() => !hub.online);
  hub.addStream(offered.sequence, [0, 1]);
  await using _agent = await linkedAgent(hub, state);
  expect(await hub.resultOf(offered)).toMatchObject({ end: wire.RunEnd.RUN_UNKNOWN, exited: false });
});

test("a result is told again until the hub has it, also over a new link", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const run = await hub.run("echo hi");
  await hub.hear("runResult");
  await hub.until(() => hub.count("runResult") >= 2);
  const from = hub.heard.length;
  hub.cut();
  await hub.hear("runResult", () => true, from);
  hub.say({ runResultAck: { executionId: run.executionId, attempt: 1 } });
  await expect.poll(() => fs.readdirSync(path.join(agent.stateDir, "journal"))).toEqual([]);
});

test("output goes on at the very byte after the link was lost", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const run = await hub.run("for n in $(seq 1 40); do seq $((n*1000)) $((n*1000+999)); sleep 0.05; done");
  const printed = Array.from({ length: 40_000 }, (_, n) => `${n + 1_000}\n`).join("");
  for (let cuts = 0; cuts < 2; cuts++) {
    const bytes = run.stream.bytes(0).length;
    // On a slow machine all of it may have been printed while the agent was dialling.
    await run.stream.until(() => run.stream.bytes(0).length > bytes + 20_000 || run.stream.bytes(0).length === printed.length);
    const from = hub.heard.length;
    hub.cut();
    await hub.hear("heartbeat", () => true, from);
  }
  await hub.resultOf(run);
  expect(run.stream.text(0)).toBe(printed);
});
