import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { wire } from "@sallyport/protocol/wire";
import { describe, expect, test } from "vitest";
import { markOf } from "../state/process-mark.ts";
import { enrolledState, linkedAgent, spawnAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { answerAsks, newAccount, newUserKey, noSshd, startSshd, targetAt } from "../testing/sshd.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const username = os.userInfo().username;
const root = process.getuid?.() === 0;
const nameOf = (port: number) => ({ host: "127.0.0.1", port, username });
const foldersOf = (executionId: string): string[] =>
  ["/var/tmp", "/tmp"].flatMap((base) => fs.readdirSync(base).filter((name) => name.includes(executionId)));

/** A hub that equips, and a neighbour that lets in. The agent is the test's. */
async function between({ config = [], secrets = {} }: { config?: string[]; secrets?: Record<string, string> } = {}) {
  const key = newUserKey();
  const sshd = await startSshd({ authorized: [key], config });
  const hub = await TestHub.start();
  const ssh = targetAt(sshd.port, { publicKey: key.wire, hostKeys: sshd.hostKeys });
  answerAsks(hub, { signsWith: key, equips: { ssh, secrets } });
  return {
    hub,
    sshd,
    neighbour: nameOf(sshd.port),
    [Symbol.asyncDispose]: async () => {
      await hub[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** Programs of this folder come first on the neighbour, and its sh is what /bin/sh would be. */
function hostWhoseShIs(program: string): string[] {
  const bin = scratch();
  fs.symlinkSync(program, path.join(bin, "sh"));
  return [`ForceCommand PATH=${bin}:$PATH; eval "$(printf %s "$SSH_ORIGINAL_COMMAND" | sed s,/bin/sh,${bin}/sh,)"`];
}

const noisyHome = (): string[] => {
  const home = scratch();
  fs.writeFileSync(path.join(home, ".bashrc"), "seq 1 2000; echo noise >&2; printf 'no newline'\n");
  return [`SetEnv HOME=${home}`];
};

describe.skipIf(noSshd)("a script on a neighbour", () => {
  test.each([
    ["dash", () => hostWhoseShIs("/bin/dash")],
    ["bash", () => hostWhoseShIs("/bin/bash")],
    ["busybox", () => hostWhoseShIs("/bin/busybox")],
    ["an account whose login shell is csh", () => ['ForceCommand exec csh -f -c "$SSH_ORIGINAL_COMMAND"']],
    ["an account whose .bashrc talks", noisyHome],
  ] as const)(
    "with %s brings back every byte apart, gets its arguments and variables, and leaves nothing",
    async (_what, config) => {
      await using there = await between({ config: [...config()] });
      const { hub, neighbour } = there;
      await using _agent = await linkedAgent(hub);
      const folder = scratch();
      const script = [
        `head -c 700000 /dev/urandom | tee ${folder}/out; head -c 400000 /dev/urandom | tee ${folder}/err >&2`,
        `printf "%s|" "$@" "$NAME" "$SALLYPORT_EXECUTION" > ${folder}/words; cat; exit 5`,
      ].join("\n");
      const words = ["a b", "$(touch /tmp/never)", "'\"\\n", "two\nlines\n", ""];
      const run = await hub.run(script, {
        neighbour,
        arguments: words,
        environment: { NAME: "värde; rm -rf /\n", i: "1", PS1: "x" },
      });
      const result = await hub.resultOf(run);
      expect(result).toMatchObject({ exited: true, exitCode: 5, stdoutBytes: 700_000, stderrBytes: 400_000, truncated: false });
      expect(sha256(run.stream.bytes(0))).toBe(sha256(fs.readFileSync(`${folder}/out`)));
      expect(sha256(run.stream.bytes(1))).toBe(sha256(fs.readFileSync(`${folder}/err`)));
      expect(fs.readFileSync(`${folder}/words`, "utf8")).toBe(`${[...words, "värde; rm -rf /\n", run.executionId].join("|")}|`);
      expect(foldersOf(run.executionId)).toEqual([]);
    },
  );

  test.each([
    ["dash", () => hostWhoseShIs("/bin/dash")],
    ["bash", () => hostWhoseShIs("/bin/bash")],
    ["busybox", () => hostWhoseShIs("/bin/busybox")],
  ] as const)("with %s has what it left collected to the byte, and no links, pipes or folders", async (_what, config) => {
    await using there = await between({ config: [...config()] });
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = path.join(scratch(), "a [b]?c");
    fs.mkdirSync(folder);
    const odd = Buffer.concat([Buffer.from(`${folder}/$(x)\n-`), Buffer.from([0xff]), Buffer.from(".log")]);
    fs.writeFileSync(odd, "odd");
    fs.symlinkSync("/etc/hostname", `${folder}/link.log`);
    fs.mkdirSync(`${folder}/folder.log`);
    const script = `cd "$WHERE"; head -c 700001 /dev/urandom > big.log; : > empty.log; echo no > .hidden.log; echo no > blog; mkfifo pipe.log
      printf one > 'x[1].txt'; chmod 640 'x[1].txt'; echo no > x1.txt; exit 3`;
    const run = await hub.run(script, {
      neighbour,
      environment: { WHERE: folder },
      artefacts: [`${folder}/*.log`, `${folder}/empty.log`, `${folder}/absent`, `${folder}/none-*`, `${folder}/*x[1].*`],
    });
    const result = await hub.resultOf(run);
    const { ARTEFACT_COLLECTED, ARTEFACT_NO_FILE, ARTEFACT_NOT_THERE } = wire.ArtefactState;
    expect(result).toMatchObject({ exitCode: 3, artefactBytes: run.stream.bytes(2).length, artefactsUnlisted: 0 });
    expect(result.artefacts?.map(({ path: file, size, state }) => [path.basename(file ?? ""), size, state]).sort()).toEqual(
      [
        ["folder.log", 0, ARTEFACT_NO_FILE],
        ["link.log", 0, ARTEFACT_NO_FILE],
        ["pipe.log", 0, ARTEFACT_NO_FILE],
        ["absent", 0, ARTEFACT_NOT_THERE],
        ["none-*", 0, ARTEFACT_NOT_THERE],
        ["big.log", 700_001, ARTEFACT_COLLECTED],
        ["empty.log", 0, ARTEFACT_COLLECTED],
        ["$(x)\n-\ufffd.log", 3, ARTEFACT_COLLECTED],
        ["x[1].txt", 3, ARTEFACT_COLLECTED],
      ].sort(),
    );
    const out = scratch();
    execFileSync("tar", ["-x", "-f", "-", "-C", out], { input: run.stream.bytes(2) });
    const collected = path.join(out, folder);
    expect(fs.readFileSync(`${collected}/big.log`).equals(fs.readFileSync(`${folder}/big.log`))).toBe(true);
    expect(fs.readFileSync(Buffer.concat([Buffer.from(collected), odd.subarray(folder.length)]), "utf8")).toBe("odd");
    expect(fs.statSync(`${collected}/x[1].txt`).mode & 0o777).toBe(0o640);
    expect(foldersOf(run.executionId)).toEqual([]);
  });

  test("is stopped with its whole group, also what ignores TERM, and its time is kept there", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = scratch();
    const deaf = `trap "" TERM; sh -c 'trap "" TERM; echo $$ > ${folder}/deaf; while :; do sleep 0.1; done' & echo begun; while :; do wait; done`;
    const stopped = await hub.run(deaf, { neighbour });
    const late = await hub.run("echo late; sleep 60", { neighbour, timeoutSeconds: 1 });
    await stopped.stream.until(() => stopped.stream.text(0) === "begun\n");
    await expect.poll(() => fs.existsSync(`${folder}/deaf`)).toBe(true);
    const { signed } = hub.sign({ cancelRun: { executionId: stopped.executionId, attempt: 1, graceSeconds: 1 } });
    hub.say({ order: signed });
    expect(await hub.resultOf(stopped)).toMatchObject({ end: wire.RunEnd.RUN_STOPPED, exited: false, signal: "SIGKILL" });
    expect(markOf(Number(fs.readFileSync(`${folder}/deaf`, "utf8")))).toBe(null);
    expect(await hub.resultOf(late)).toMatchObject({ end: wire.RunEnd.RUN_TIMEOUT, exited: false, signal: "SIGTERM" });
    expect(late.stream.text(0)).toBe("late\n");
    expect([...foldersOf(stopped.executionId), ...foldersOf(late.executionId)]).toEqual([]);
  });

  test("that prints more than is kept, closes its output or leaves a daemon has an end, and what is kept is the beginning", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = scratch();
    const much = await hub.run("head -c 100000000 /dev/zero; echo end >&2", { neighbour, outputBytesMax: 1_000_000 });
    const closed = await hub.run("exec >&- 2>&-; sleep 0.2; exit 7", { neighbour });
    const daemon = await hub.run(`setsid sleep 47 & echo $! > ${folder}/daemon; echo out`, { neighbour });
    const result = await hub.resultOf(much);
    expect(result).toMatchObject({ exitCode: 0, stdoutBytes: 1_000_000, stderrBytes: 4, truncated: true });
    expect(Number(/Dropped: (\d+)/.exec(result.message ?? "")?.[1])).toBeGreaterThan(98_000_000);
    expect(much.stream.bytes(0).equals(Buffer.alloc(1_000_000))).toBe(true);
    expect(await hub.resultOf(closed)).toMatchObject({ exitCode: 7, stdoutBytes: 0 });
    expect(await hub.resultOf(daemon)).toMatchObject({ exitCode: 0, stdoutBytes: 4 });
    process.kill(Number(fs.readFileSync(`${folder}/daemon`, "utf8")), "SIGKILL");
    expect(foldersOf(daemon.executionId)).toEqual([]);
  });

  test.skipIf(!root)("runs as an account that signs in with a password, sealed for this execution", async () => {
    await using there = await between();
    const { hub, sshd } = there;
    using account = newAccount();
    const { username, password } = account;
    answerAsks(hub, { equips: { ssh: targetAt(sshd.port, { username, hostKeys: sshd.hostKeys }), password } });
    await using _agent = await linkedAgent(hub);
    const run = await hub.run("id -un", { neighbour: { ...there.neighbour, username } });
    expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
    expect(run.stream.text(0)).toBe(`${username}\n`);
  });

  test.skipIf(!root)("is not begun in a folder that somebody else has made", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = scratch();
    const offered = hub.offer(`touch ${folder}/ran`, { neighbour });
    hub.addStream(offered.sequence, [0, 1]);
    hub.say({ runOffers: { offers: [offered.signed] } });
    await hub.hear("runClaim");
    const taken = `/var/tmp/.sallyport-${offered.executionId}.1`;
    fs.mkdirSync(taken, { mode: 0o777 });
    fs.chownSync(taken, 65_534, 65_534);
    hub.say({ runGo: { executionId: offered.executionId, attempt: 1, go: true } });
    expect(await hub.resultOf(offered)).toMatchObject({ end: wire.RunEnd.RUN_SPAWN_FAILED, startedAtMs: 0 });
    expect([fs.readdirSync(taken), fs.existsSync(`${folder}/ran`)]).toEqual([[], false]);
    fs.rmdirSync(taken);
  });

  test("waits for its turn where four others have a connection to the same address", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = scratch();
    const runs = [];
    for (let n = 0; n < 5; n++) runs.push(await hub.run(`until [ -e ${folder}/go ]; do sleep 0.1; done`, { neighbour }));
    await hub.until(() => hub.count("runStarted") === 4);
    const fifth = runs.at(-1);
    expect(hub.count("runNeeds")).toBe(4);
    fs.writeFileSync(`${folder}/go`, "");
    for (const run of runs) expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
    expect(hub.heard.findLast(({ body }) => body === "runNeeds")?.value).toMatchObject({ executionId: fifth?.executionId });
  });

  test("that cannot be reached, lets nobody in or lacks the interpreter is told as such, and was not begun", async () => {
    await using there = await between();
    const { hub, neighbour, sshd } = there;
    await using _agent = await linkedAgent(hub);
    const lacking = await hub.run("print 1", { neighbour, interpreter: "no-such-program" });
    expect(await hub.resultOf(lacking)).toMatchObject({ end: wire.RunEnd.RUN_SPAWN_FAILED, exited: false });
    answerAsks(hub, { equips: { ssh: targetAt(sshd.port, { publicKey: newUserKey().wire }) } });
    const strange = await hub.run("touch /tmp/never", { neighbour });
    expect(await hub.resultOf(strange)).toMatchObject({
      end: wire.RunEnd.RUN_REFUSED,
      startedAtMs: 0,
      message: expect.stringContaining(`does not let ${username} in with the key`),
    });
    answerAsks(hub, { equips: { ssh: targetAt(1, { publicKey: newUserKey().wire }) } });
    const absent = await hub.run("touch /tmp/never", { neighbour: nameOf(1) });
    expect(await hub.resultOf(absent)).toMatchObject({ end: wire.RunEnd.RUN_UNREACHABLE, startedAtMs: 0 });
    answerAsks(hub, { equips: { ssh: targetAt(sshd.port, { username: "other", publicKey: newUserKey().wire }) } });
    const other = await hub.run("touch /tmp/never", { neighbour });
    expect(await hub.resultOf(other)).toMatchObject({
      end: wire.RunEnd.RUN_REFUSED,
      message: expect.stringContaining("another account"),
    });
    expect(foldersOf(lacking.executionId)).toEqual([]);
  });
});

/** A script that is its own witness: one line a beginning, on disk before it goes on. */
const witnessing = (folder: string, then: string): string =>
  `echo "$SALLYPORT_EXECUTION" >> ${folder}/witness; sync -d ${folder}/witness\n${then}\n`;
const begun = (folder: string): string[] => fs.readFileSync(`${folder}/witness`, "utf8").split("\n").filter(Boolean);

type Between = Awaited<ReturnType<typeof between>>;

describe.skipIf(noSshd)("a script on a neighbour is begun once and loses nothing", () => {
  /** Prints for two seconds, in pieces. */
  const counting = "n=0; while [ $n -lt 40 ]; do seq $((n * 500)) $((n * 500 + 499)); n=$((n + 1)); sleep 0.05; done; exit 3";
  const counted = Array.from({ length: 20_000 }, (_, n) => `${n}\n`).join("");

  async function endsWell({ hub }: Between, run: Awaited<ReturnType<TestHub["run"]>>, folder: string): Promise<void> {
    expect(await hub.resultOf(run)).toMatchObject({ exited: true, exitCode: 3, stdoutBytes: counted.length });
    expect(run.stream.text(0)).toBe(counted);
    expect(begun(folder)).toEqual([run.executionId]);
    expect(foldersOf(run.executionId)).toEqual([]);
  }

  test("when the connection is cut again and again while it runs", async () => {
    await using there = await between();
    await using _agent = await linkedAgent(there.hub);
    const folder = scratch();
    const run = await there.hub.run(witnessing(folder, counting), { neighbour: there.neighbour });
    for (let cuts = 1; cuts <= 3; cuts++) {
      const so = run.stream.count();
      await run.stream.until(() => run.stream.count() > so + 5_000 || run.stream.count() === counted.length);
      there.sshd.cut();
    }
    await endsWell(there, run, folder);
  });

  test("when the connection is cut from the first moment on, wherever it just was", async () => {
    await using there = await between();
    await using _agent = await linkedAgent(there.hub);
    const folder = scratch();
    const runs = [];
    for (let n = 0; n < 4; n++)
      runs.push(await there.hub.run(witnessing(folder, "echo out; exit 3"), { neighbour: there.neighbour }));
    const cutting = setInterval(() => there.sshd.cut(), 60);
    const enough = setTimeout(() => clearInterval(cutting), 1_500);
    for (const run of runs) {
      const result = await there.hub.resultOf(run);
      const times = fs.existsSync(`${folder}/witness`) ? begun(folder).filter((id) => id === run.executionId).length : 0;
      // Cut three times before the script was sent, it is not reached; then nobody may have begun it.
      if (result.end === wire.RunEnd.RUN_UNREACHABLE) expect(times).toBe(0);
      else expect([times, result.exitCode, result.stdoutBytes]).toEqual([1, 3, 4]);
      expect(foldersOf(run.executionId)).toEqual([]);
    }
    clearInterval(cutting);
    clearTimeout(enough);
  });

  test("when the connection is cut while what it left is collected", async () => {
    await using there = await between();
    const { hub, neighbour, sshd } = there;
    const { stateDir } = enrolledState(hub);
    await using _agent = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    const folder = scratch();
    const dump = path.join(folder, "dump");
    const run = await hub.run(witnessing(folder, `head -c 60000000 /dev/urandom > ${dump}; exit 3`), {
      neighbour,
      artefacts: [dump],
    });
    const draft = path.join(stateDir, "journal", `${run.executionId}.1`, "artefacts.tar.draft");
    const draftBytes = (): number => fs.statSync(draft, { throwIfNoEntry: false })?.size ?? 0;
    await expect.poll(draftBytes, { interval: 5, timeout: 10_000 }).toBeGreaterThan(1_000_000);
    sshd.cut();
    const result = await hub.resultOf(run);
    expect(result).toMatchObject({ exitCode: 3, artefacts: [{ path: dump, state: wire.ArtefactState.ARTEFACT_COLLECTED }] });
    expect(run.stream.bytes(2).length).toBe(result.artefactBytes);
    expect(run.stream.bytes(2).includes(fs.readFileSync(dump))).toBe(true);
    expect(begun(folder)).toEqual([run.executionId]);
    expect(foldersOf(run.executionId)).toEqual([]);
  });

  test("when the agent is killed while it runs", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    const { stateDir } = enrolledState(hub);
    await using first = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    const folder = scratch();
    const run = await hub.run(witnessing(folder, counting), { neighbour });
    await run.stream.until(() => run.stream.count() > 10_000);
    first.kill();
    await hub.until(() => !hub.online);
    await using _second = spawnAgent(stateDir);
    await endsWell(there, run, folder);
  });

  test("when the agent is killed before the go, after the go, and after the script has ended there", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    const { stateDir, agentId } = enrolledState(hub);
    const folder = scratch();
    const offer = () => {
      const offered = hub.offer(witnessing(folder, counting), { neighbour }, { agentId });
      return { ...offered, stream: hub.addStream(offered.sequence, [0, 1]) };
    };
    const [unclaimed, gone, ended] = [offer(), offer(), offer()];
    const answers = hub.onHeard;
    {
      await using first = spawnAgent(stateDir);
      await hub.hear("heartbeat");
      hub.say({ runOffers: { offers: [unclaimed, gone, ended].map(({ signed }) => signed) } });
      await hub.until(() => hub.count("runClaim") >= 3);
      hub.say({ runGo: { executionId: ended.executionId, attempt: 1, go: true } });
      await hub.hear("runResult");
      hub.onHeard = () => {}; // what is asked for now, nobody gets
      hub.say({ runGo: { executionId: gone.executionId, attempt: 1, go: true } });
      await hub.hear("runNeeds", ({ executionId }) => executionId === gone.executionId);
      first.kill();
      await hub.until(() => !hub.online);
    }
    hub.onHeard = answers;
    const from = hub.heard.length;
    await using _second = spawnAgent(stateDir);
    await hub.hear("runClaim", ({ executionId }) => executionId === unclaimed.executionId, from);
    hub.say({ runGo: { executionId: unclaimed.executionId, attempt: 1, go: true } });
    for (const run of [unclaimed, gone, ended]) {
      const result = await hub.hear("runResult", ({ executionId }) => executionId === run.executionId, from);
      hub.say({ runResultAck: { executionId: run.executionId, attempt: 1 } });
      expect(result).toMatchObject({ exitCode: 3, stdoutBytes: counted.length });
      expect(run.stream.text(0)).toBe(counted);
    }
    expect(begun(folder).sort()).toEqual([unclaimed, gone, ended].map(({ executionId }) => executionId).sort());
  });

  test("when the agent is killed while it is sent: begun where it cannot have been, and left to a person where it can", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    const { stateDir, agentId } = enrolledState(hub);
    const folder = scratch();
    const offer = () => {
      const offered = hub.offer(witnessing(folder, "exit 3"), { neighbour }, { agentId });
      hub.addStream(offered.sequence, [0, 1]);
      return offered;
    };
    const [sameBoot, otherBoot] = [offer(), offer()];
    {
      await using _first = await linkedAgent(hub, { stateDir, agentId });
      hub.say({ runOffers: { offers: [sameBoot.signed, otherBoot.signed] } });
      await hub.until(() => hub.count("runClaim") >= 2);
    }
    const crash = ({ executionId }: typeof sameBoot, boot: string): void => {
      for (const [name, content] of [
        ["go", ""],
        ["sent", boot],
      ] as const)
        fs.writeFileSync(path.join(stateDir, "journal", `${executionId}.1`, name), content);
    };
    crash(sameBoot, fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    crash(otherBoot, "another boot");
    await hub.until(() => !hub.online);
    await using _second = await linkedAgent(hub, { stateDir, agentId });
    expect(await hub.resultOf(sameBoot)).toMatchObject({ exitCode: 3 });
    expect(await hub.resultOf(otherBoot)).toMatchObject({ end: wire.RunEnd.RUN_UNKNOWN, exited: false });
    expect(begun(folder)).toEqual([sameBoot.executionId]);
  });

  test("and when its host loses it, nobody says how it ended, and it is not begun again", async () => {
    await using there = await between();
    const { hub, neighbour } = there;
    await using _agent = await linkedAgent(hub);
    const folder = scratch();
    const killed = await hub.run(witnessing(folder, "echo out; sleep 61"), { neighbour });
    const vanished = await hub.run(witnessing(folder, "echo out; sleep 62"), { neighbour });
    for (const { stream } of [killed, vanished]) await stream.until(() => stream.text(0) === "out\n");
    const at = (id: string): string => `/var/tmp/.sallyport-${id}.1`;
    const pidIn = (id: string, name: string): number => Number(fs.readFileSync(`${at(id)}/${name}`, "utf8"));
    const [script, lone] = [pidIn(killed.executionId, "started"), pidIn(vanished.executionId, "started")];
    process.kill(pidIn(killed.executionId, "supervisor"), "SIGKILL");
    fs.rmSync(at(vanished.executionId), { recursive: true, force: true });
    for (const run of [killed, vanished]) {
      expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_LOST, exited: false, stdoutBytes: 4 });
      expect(foldersOf(run.executionId)).toEqual([]);
    }
    expect(markOf(script)).toBe(null);
    process.kill(-lone, "SIGKILL");
    expect(begun(folder)).toHaveLength(2);
  });
});
