// Neighbours that mean harm, against the built agent: it stays small, and what they began has ended within thirty seconds.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { enrolledState, spawnAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import type { HubStream } from "../testing/hub-stream.ts";
import { scratch } from "../testing/scratch.ts";
import { answerAsks, newUserKey, targetAt } from "../testing/sshd.ts";

const MiB = 1_024 * 1_024;
/** What a neighbour may cost. */
const memoryBytesMax = 64 * MiB;
const endedMsMax = 30_000;

type Hostile = AsyncDisposable & { port: number };

async function hostile(kind: string): Promise<Hostile> {
  const keyFile = path.join(scratch(), "host-key");
  execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", keyFile]);
  const server = spawn(process.execPath, [path.join(import.meta.dirname, "../testing/hostile-server.mjs"), kind, keyFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  return {
    port: Number(String(line)),
    [Symbol.asyncDispose]: async () => {
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
    },
  };
}

/** An agent as it is installed, with what it holds and the most it ever held since it was asked to forget. */
async function builtAgent(hub: TestHub) {
  const agent = spawnAgent(enrolledState(hub).stateDir);
  await hub.hear("heartbeat");
  const memory = (name: "VmRSS" | "VmHWM"): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(fs.readFileSync(`/proc/${agent.pid}/status`, "utf8"))?.[1]) * 1_024;
  return {
    now: () => memory("VmRSS"),
    peak: () => memory("VmHWM"),
    forgetPeak: () => fs.writeFileSync(`/proc/${agent.pid}/clear_refs`, "5"),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

const key = newKeyOnce();
function newKeyOnce() {
  let made: ReturnType<typeof newUserKey> | null = null;
  return () => {
    made ??= newUserKey();
    return made;
  };
}

/** How it went: refused with a code, or the stream it became. */
async function reach(hub: TestHub, port: number): Promise<{ stream: HubStream | null; code: string }> {
  answerAsks(hub, { signsWith: key() });
  try {
    return { stream: await hub.openShell({ ssh: targetAt(port, { publicKey: key().wire }) }), code: "" };
  } catch (error) {
    return { stream: null, code: /refused: ([a-z-]+)/.exec(String(error))?.[1] ?? String(error) };
  }
}

const beforeTheShell: [string, RegExp][] = [
  ["endless-greeting", /^not-ssh$/],
  ["endless-line", /^not-ssh$/],
  ["says-nothing", /^timeout$/],
  ["identifies-only", /^timeout$/],
  ["huge-length", /^not-ssh$/],
  ["zero-length", /^not-ssh$/],
  ["other-protocol", /^(not-ssh|timeout)$/],
  ["silent-after-keys", /^timeout$/],
  ["endless-questions", /^(not-ssh|authentication-failed)$/],
  ["says-yes-at-once", /^(not-ssh|host-key-refused)$/],
  ["no-packets", /^not-ssh$/],
];

test("neighbours that are none are refused in time and in memory, all of them at once", { timeout: 90_000 }, async () => {
  await using hub = await TestHub.start();
  await using agent = await builtAgent(hub);
  const before = agent.now();
  agent.forgetPeak();
  const results = await Promise.all(
    beforeTheShell.map(async ([kind, expected]) => {
      await using server = await hostile(kind);
      const started = performance.now();
      const { code } = await reach(hub, server.port);
      return { kind, code, asExpected: expected.test(code), inTime: performance.now() - started < endedMsMax };
    }),
  );
  for (const result of results) expect(result).toMatchObject({ asExpected: true, inTime: true });
  expect(agent.peak() - before).toBeLessThan(memoryBytesMax);
});

const behindTheShell = [
  "rekey-loop",
  "beyond-window",
  "beyond-window-stderr",
  "requests-to-answer",
  "keys-to-prove",
  "vanishing-window",
];

test("neighbours that flood behind their shell are cut, each by an agent of its own", async () => {
  const results = await Promise.all(
    behindTheShell.map(async (kind) => {
      await using hub = await TestHub.start();
      await using agent = await builtAgent(hub);
      await using server = await hostile(kind);
      const before = agent.now();
      agent.forgetPeak();
      const started = performance.now();
      const { stream } = await reach(hub, server.port);
      if (stream === null) return { kind, reason: "no shell was given" };
      stream.taking = false; // nobody reads: all of it would have to be kept
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      stream.take(); // what it has said is read now, and then its end
      await stream.until(() => stream.closing !== null);
      const inTime = performance.now() - started < endedMsMax;
      return { kind, reason: stream.closing?.reason, inTime, inMemory: agent.peak() - before < memoryBytesMax };
    }),
  );
  expect(results).toEqual(behindTheShell.map((kind) => ({ kind, reason: "connection-lost", inTime: true, inMemory: true })));
});

test("a neighbour that prints single bytes for ever costs no more memory than any", async () => {
  await using hub = await TestHub.start();
  await using agent = await builtAgent(hub);
  await using server = await hostile("single-bytes");
  const before = agent.now();
  agent.forgetPeak();
  const { stream } = await reach(hub, server.port);
  if (stream === null) throw new Error("no shell was given");
  stream.taking = false;
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  expect(agent.peak() - before).toBeLessThan(memoryBytesMax);
  stream.close("ended-by-admin");
  await stream.until(() => stream.closing !== null);
});

test("an old device is reached when its asset says so, and otherwise told what it lacks", async () => {
  await using hub = await TestHub.start();
  await using _agent = await builtAgent(hub);
  await using server = await hostile("legacy");
  answerAsks(hub, { signsWith: key() });
  const target = targetAt(server.port, { publicKey: key().wire });
  await expect(hub.openExec(target, "x")).rejects.toThrow(
    /no-common-algorithms \(No key exchange in common\. The neighbour offers diffie-hellman-group14-sha1, diffie-hellman-group1-sha1.*curve25519/,
  );
  const command = await hub.openExec({ ...target, legacyAlgorithms: true }, "x");
  await command.until(() => command.closing !== null);
  expect(command.text()).toBe("ready\n");
  expect(command.closing).toEqual({ exitCode: 0, reason: "exit" });
});
