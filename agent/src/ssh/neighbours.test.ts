// Shells and commands on real neighbours, through a real link: who gets in, what comes back, and what happens when something is missing.
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { checkSealingKey, seal } from "@sallyport/protocol/sealed";
import { expect, test } from "vitest";
import { enrolledState, linkedAgent, spawnAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { answerAsks, newAccount, newUserKey, noSshd, startSshd, targetAt } from "../testing/sshd.ts";

const MiB = 1_024 * 1_024;
const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const root = process.getuid?.() === 0;

/** Sealed as the hub seals: to the key of the newest Hello, believed for its signature. */
async function sealedFor(hub: TestHub, agentId: string, sessionId: string, secret: string) {
  const { sealingKey, sealingSignature } = await hub.hear("hello");
  const publicKey = hub.agents.get(agentId);
  const key = sealingKey ?? new Uint8Array();
  if (
    publicKey === undefined ||
    !checkSealingKey(
      { sealingKey: key, signature: sealingSignature ?? new Uint8Array() },
      { hubId: hub.hubId, agentId },
      publicKey,
    )
  )
    throw new Error("the agent's sealing key is not its own");
  return seal(Buffer.from(secret), key, { agentId, subjectId: sessionId });
}

test.skipIf(noSshd)("a command's two outputs come back byte for byte, with its exit code", { timeout: 60_000 }, async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire, hostKeys: sshd.hostKeys });
  const print = (seed: string) => `head -c ${MiB} /dev/zero | openssl enc -aes-128-ctr -K ${seed} -iv 00 -nosalt 2>/dev/null`;
  const [one, two] = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"];
  const witness = await hub.openExec(target, `${print(one)} | sha256sum; ${print(two)} | sha256sum`);
  await witness.until(() => witness.closing !== null);
  const sums = witness
    .text()
    .split("\n")
    .map((line) => line.slice(0, 64));
  const command = await hub.openExec(target, `${print(one)}; { ${print(two)}; } >&2; exit 42`);
  await command.until(() => command.closing !== null);
  expect(command.closing).toEqual({ exitCode: 42, reason: "exit" });
  expect([command.bytes(0).length, command.bytes(1).length]).toEqual([MiB, MiB]);
  expect([sum(command.bytes(0)), sum(command.bytes(1))]).toEqual(sums.slice(0, 2));
  expect(hub.count("hostKey")).toBe(0); // pinned
});

test.skipIf(noSshd)("a command reads its stdin to the end, and says which signal ended it", async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  const input = Buffer.alloc(3 * MiB, "0123456789abcdef");
  const reader = await hub.openExec(target, "sha256sum");
  reader.type(input);
  reader.endInput();
  await reader.until(() => reader.closing !== null);
  expect(reader.text()).toContain(sum(input));
  const killed = await hub.openExec(target, "kill -KILL $$");
  await killed.until(() => killed.closing !== null);
  expect(killed.closing).toEqual({ exitCode: null, reason: "SIGKILL" });
});

test.skipIf(noSshd)("the shortest commands lose neither output nor exit code", async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  for (let code = 0; code < 30; code++) {
    const command = await hub.openExec(target, `echo ${code}; exit ${code}`);
    await command.until(() => command.closing !== null);
    expect([command.text(), command.closing]).toEqual([`${code}\n`, { exitCode: code, reason: "exit" }]);
  }
});

test.skipIf(noSshd)(
  "a terminal on a neighbour echoes, resizes, survives the loss of its link and tells its exit code",
  async () => {
    const key = newUserKey();
    await using sshd = await startSshd({ authorized: [key] });
    await using hub = await TestHub.start();
    await using _agent = await linkedAgent(hub);
    answerAsks(hub, { signsWith: key });
    const terminal = await hub.openShell({ columns: 91, rows: 33, ssh: targetAt(sshd.port, { publicKey: key.wire }) });
    terminal.type("stty size; echo $TERM; echo 'ok'-1\n");
    await terminal.until(() => terminal.text().includes("ok-1"));
    expect(terminal.text()).toContain("33 91");
    expect(terminal.text()).toContain("xterm-256color");
    terminal.resize(137, 40);
    terminal.type("stty size; echo 'ok'-2\n");
    await terminal.until(() => terminal.text().includes("ok-2"));
    expect(terminal.text()).toContain("40 137");
    const from = hub.heard.length;
    hub.cut();
    terminal.type("echo 'typed'-in-the-dark\n");
    await hub.hear("heartbeat", () => true, from);
    const hello = await hub.hear("hello", () => true, from);
    expect(hello.streams?.map(({ stream }) => stream)).toEqual([terminal.stream]);
    await terminal.until(() => terminal.text().includes("typed-in-the-dark"));
    terminal.type("exit 7\n");
    await terminal.until(() => terminal.closing !== null);
    expect(terminal.closing).toEqual({ exitCode: 7, reason: "exit" });
  },
);

test.skipIf(noSshd)("keys of every kind sign in by the hub's signature, asked for once", async () => {
  const keys = [newUserKey("ed25519"), newUserKey("rsa"), newUserKey("ecdsa")];
  await using sshd = await startSshd({ authorized: keys });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  for (const key of keys) {
    answerAsks(hub, { signsWith: key });
    const command = await hub.openExec(targetAt(sshd.port, { publicKey: key.wire }), "echo in");
    await command.until(() => command.closing !== null);
    expect(command.text()).toBe("in\n");
  }
  expect(hub.count("signRequest")).toBe(keys.length);
  // What is signed names the account and the key, so that the hub can look before it signs.
  const { data } = await hub.hear("signRequest");
  expect(Buffer.from(data ?? []).includes(Buffer.from(os.userInfo().username))).toBe(true);
  expect(Buffer.from(data ?? []).includes(keys[0]?.wire ?? "")).toBe(true);
});

test.skipIf(noSshd || !root)(
  "the private key is neither in the agent's memory nor on its disk while its session is open",
  async () => {
    const key = newUserKey();
    await using sshd = await startSshd({ authorized: [key] });
    await using hub = await TestHub.start();
    const { stateDir } = enrolledState(hub);
    await using agent = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    answerAsks(hub, { signsWith: key });
    const terminal = await hub.openShell({ ssh: targetAt(sshd.port, { publicKey: key.wire }) });
    terminal.type("echo 'ok'-1\n");
    await terminal.until(() => terminal.text().includes("ok-1"));
    const seed = key.privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
    expect(inMemory(agent.pid, key.wire)).toBe(true); // what is there is found
    expect(inMemory(agent.pid, seed)).toBe(false);
    const files = fs.readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.some((file) => fs.readFileSync(path.join(file.parentPath, file.name)).includes(seed))).toBe(false);
  },
);

test.skipIf(noSshd || !root)(
  "what a command is told in secret reaches its stdin first, and afterwards is neither in the agent's memory nor on its disk",
  { retry: 1 }, // memory is read while the process lives
  async () => {
    const key = newUserKey();
    await using sshd = await startSshd({ authorized: [key] });
    await using hub = await TestHub.start();
    const { stateDir, agentId } = enrolledState(hub);
    await using agent = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    answerAsks(hub, { signsWith: key });
    const target = targetAt(sshd.port, { publicKey: key.wire, hostKeys: sshd.hostKeys });
    const secrets = ["planted-secret-one-8f1c 密码", "planted-secret-two-77ab"];
    const run = async (more: object) => {
      const sessionId = newId("ses");
      const secretLines = [];
      for (const secret of secrets) secretLines.push(await sealedFor(hub, agentId, sessionId, secret));
      return hub.openExec(target, "sha256sum", { sessionId, secretLines, ...more });
    };
    expect((await hub.hear("hello")).capabilities).toContain("secret-lines");
    const command = await run({});
    command.type(Buffer.from("and the rest\n"));
    command.endInput();
    await command.until(() => command.closing !== null);
    expect(command.text()).toContain(sum(Buffer.from(`${secrets.join("\n")}\nand the rest\n`)));
    await expect(run({ sessionId: newId("ses") })).rejects.toThrow("secret-unreadable");
    expect(inMemory(agent.pid, key.wire)).toBe(true); // what is there is found
    for (const secret of secrets) expect(inMemory(agent.pid, Buffer.from(secret)), secret).toBe(false);
    const files = fs.readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const content = files.map((file) => fs.readFileSync(path.join(file.parentPath, file.name)).toString("latin1")).join("");
    for (const secret of secrets) expect(content).not.toContain(Buffer.from(secret).toString("latin1"));
  },
);

/** Whether a process of this host has these bytes anywhere it can read. */
function inMemory(pid: number, bytes: Buffer): boolean {
  const memory = fs.openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const line of fs.readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from, to, kind] = /^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
      if (from === undefined || to === undefined || kind === "[vvar]") continue;
      const start = BigInt(`0x${from}`);
      const part = Buffer.alloc(Math.min(Number(BigInt(`0x${to}`) - start), 256 * MiB));
      const read = readOrNothing(memory, part, start);
      if (part.subarray(0, read).includes(bytes)) return true;
    }
    return false;
  } finally {
    fs.closeSync(memory);
  }
}

/** Memory may go while it is being read. */
function readOrNothing(file: number, into: Buffer, position: bigint): number {
  try {
    return fs.readSync(file, into, 0, into.length, position);
  } catch {
    return 0;
  }
}

test.skipIf(noSshd || !root)("a sealed password lets the account in, and is nowhere in the log", async () => {
  using account = newAccount();
  await using sshd = await startSshd({ config: ["PasswordAuthentication yes"] });
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  answerAsks(hub, {});
  const sessionId = newId("ses");
  const password = await sealedFor(hub, agent.agentId, sessionId, account.password);
  const target = targetAt(sshd.port, { username: account.username, password });
  const terminal = await hub.openShell({ sessionId, ssh: target });
  terminal.type("id -un; echo 'ok'-1\n");
  await terminal.until(() => terminal.text().includes("ok-1"));
  expect(terminal.text()).toContain(account.username);
  terminal.close("done");
  const wrong = await sealedFor(hub, agent.agentId, sessionId, "not this one");
  await expect(hub.openShell({ sessionId, ssh: { ...target, password: wrong } })).rejects.toThrow(
    /authentication-failed.*It takes/,
  );
  // Sealed for another session: worth nothing here.
  await expect(hub.openShell({ ssh: target })).rejects.toThrow("secret-unreadable");
  expect(agent.log.join("")).not.toContain(account.password);
});

test.skipIf(noSshd || !root)(
  "su becomes the second account with its own password, and a wrong one says so",
  { timeout: 60_000 },
  async () => {
    using first = newAccount();
    using second = newAccount();
    await using sshd = await startSshd({ config: ["PasswordAuthentication yes"] });
    await using hub = await TestHub.start();
    await using agent = await linkedAgent(hub);
    answerAsks(hub, {});
    const sessionId = newId("ses");
    const sealed = (secret: string) => sealedFor(hub, agent.agentId, sessionId, secret);
    const target = targetAt(sshd.port, { username: first.username, password: await sealed(first.password) });
    const su = { username: second.username, password: await sealed(second.password) };
    const terminal = await hub.openShell({ sessionId, ssh: { ...target, su } });
    terminal.type("id -un; echo 'ok'-1\n"); // typed before su has asked: it is no answer to that
    await terminal.until(() => terminal.text().includes("ok-1"));
    expect(terminal.text()).toContain(`${second.username}\r\n`);
    expect(terminal.text()).not.toContain(second.password);
    terminal.close("done");
    const refused = await hub.openShell({ sessionId, ssh: { ...target, su: { ...su, password: await sealed("no") } } });
    await refused.until(() => refused.closing !== null);
    expect(refused.closing?.reason).toBe("su-refused");
    for (const username of ["root; id", "-c id", "Root", "$(id)", "a b", ""])
      await expect(hub.openShell({ sessionId, ssh: { ...target, su: { ...su, username } } })).rejects.toThrow("malformed");
  },
);

test.skipIf(noSshd)("a key that is not pinned is asked about, and nothing is said of the account before the answer", async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key, trusts: () => false });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  await expect(hub.openExec(target, "true")).rejects.toThrow("host-key-refused");
  // Changed: what is pinned is another key.
  await expect(hub.openExec({ ...target, hostKeys: [newUserKey().wire] }, "true")).rejects.toThrow("host-key-refused");
  expect(hub.count("hostKey")).toBe(2);
  expect(Buffer.from((await hub.hear("hostKey")).key ?? [])).toEqual(sshd.hostKeys[0]);
  expect(hub.count("signRequest")).toBe(0);
});

test.skipIf(noSshd)(
  "an unknown key, a hub that does not sign, and an account without a secret are refused with their reasons",
  async () => {
    const key = newUserKey();
    await using sshd = await startSshd({});
    await using hub = await TestHub.start();
    await using _agent = await linkedAgent(hub);
    answerAsks(hub, { signsWith: key });
    const target = targetAt(sshd.port, { publicKey: key.wire });
    await expect(hub.openExec(target, "true")).rejects.toThrow("authentication-failed");
    await expect(hub.openExec({ ...target, publicKey: new Uint8Array() }, "true")).rejects.toThrow("malformed");
    await expect(hub.openExec({ ...target, username: "" }, "true")).rejects.toThrow("malformed");
    await expect(hub.openExec(target, "")).rejects.toThrow("malformed");
    await using open = await startSshd({ authorized: [key] });
    answerAsks(hub, { signsWith: null });
    await expect(hub.openExec({ ...target, port: open.port }, "true")).rejects.toThrow(/authentication-failed.*withdrawn/);
  },
);

test.skipIf(noSshd)("an address where nobody is says which kind of nobody", async () => {
  const key = newUserKey();
  const sshd = await startSshd({});
  await sshd[Symbol.asyncDispose]();
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const target = targetAt(sshd.port, { publicKey: key.wire });
  await expect(hub.openExec(target, "true")).rejects.toThrow("connection-refused");
  await expect(hub.openExec({ ...target, host: "no-such-name.invalid" }, "true")).rejects.toThrow("name-unknown");
  await expect(hub.openExec({ ...target, allowed: [] }, "true")).rejects.toThrow("own-host");
  await expect(hub.openExec({ ...target, port: hub.agentPort }, "true")).rejects.toThrow(/closed|not-ssh|timeout/);
});

test.skipIf(noSshd)("a neighbour that vanishes ends its terminal and its command", async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  const terminal = await hub.openShell({ ssh: target });
  const command = await hub.openExec(target, "sleep 60");
  sshd.kill();
  await terminal.until(() => terminal.closing !== null);
  await command.until(() => command.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: null, reason: "connection-lost" });
  expect(command.closing).toEqual({ exitCode: null, reason: "connection-lost" });
});

test.skipIf(noSshd)("a command ends at its time, and at its output's limit", async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  const slow = await hub.openExec(target, "sleep 60", { timeoutSeconds: 1 });
  await slow.until(() => slow.closing !== null);
  expect(slow.closing?.reason).toBe("timeout");
  const loud = await hub.openExec(target, "yes", { outputBytesMax: 100_000 });
  await loud.until(() => loud.closing !== null);
  expect(loud.closing?.reason).toBe("output-limit");
  expect(loud.count(0)).toBe(100_000);
  for (const stream of [slow, loud]) stream.close("seen");
  await expect.poll(() => agent.log.join("").match(/command ses_\w+ closed/g)?.length).toBe(2);
});

test.skipIf(noSshd)("a hub that takes nothing makes the neighbour wait, and memory with it", { timeout: 60_000 }, async () => {
  const key = newUserKey();
  await using sshd = await startSshd({ authorized: [key] });
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  answerAsks(hub, { signsWith: key });
  const target = targetAt(sshd.port, { publicKey: key.wire });
  const total = 64 * MiB;
  const command = await hub.openExec(target, `head -c ${total} /dev/zero; head -c 1000 /dev/zero >&2`);
  command.taking = false;
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = process.memoryUsage.rss();
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // time enough for all of it, were nobody waiting
  expect(process.memoryUsage.rss() - before).toBeLessThan(16 * MiB);
  command.take();
  await command.until(() => command.closing !== null);
  expect([command.count(0), command.count(1)]).toEqual([total, 1_000]);
  expect(command.closing).toEqual({ exitCode: 0, reason: "exit" });
});
