// The key of the agent's own host: used only when the host's owner said so, only when it is his alone, and never told to the hub.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { examine } from "../doctor.ts";
import { enrolledState, linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { answerAsks, noSshd, startSshd, targetAt } from "../testing/sshd.ts";
import { OwnKey } from "./own-key.ts";

const root = process.getuid?.() === 0; // sshd asks a command for keys as somebody else
const agentId = "agt_06gzr3x7mkme29fvyae612zb";
const makeKey = (file: string, ...more: string[]) => {
  fs.rmSync(file, { force: true });
  execFileSync("ssh-keygen", ["-q", "-N", "", "-f", file, ...more], { input: "y\n" });
};
const lineOf = (file: string) => fs.readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
const read = (setting: string) => new OwnKey({ setting, stateDir: scratch(), agentId }).read();

test.skipIf(noSshd)(
  "a key that the agent makes is its owner's alone, opens a neighbour, and is the same after a restart",
  async () => {
    await using hub = await TestHub.start();
    const state = enrolledState(hub);
    const config = { ...readConfig(), ownKey: "own" };
    let line = "";
    {
      await using _first = await linkedAgent(hub, state, config);
      const hello = await hub.hear("hello");
      line = hello.facts?.ownKey ?? "";
      expect(hello.capabilities).toContain("own-key");
      expect(line).toMatch(/^ssh-ed25519 \S+ sallyport-agt_\w+$/);
      const file = path.join(state.stateDir, "neighbours-key");
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      await using sshd = await startSshd({
        config: [`AuthorizedKeysCommand /bin/echo ${line}`, "AuthorizedKeysCommandUser root"],
      });
      answerAsks(hub, {});
      const command = await hub.openExec(targetAt(sshd.port, { ownKey: true }), "echo in");
      await command.until(() => command.closing !== null);
      expect(command.text()).toBe("in\n");
      expect(hub.count("signRequest")).toBe(0);
      expect(hub.count("hostKey")).toBe(1); // judged as always
    }
    const from = hub.heard.length;
    await using _second = await linkedAgent(hub, state, config);
    expect((await hub.hear("hello", () => true, from)).facts?.ownKey).toBe(line);
  },
);

test.skipIf(noSshd || !root)(
  "a file of the owner's signs in whatever its kind, and what is wrong with it counts at once",
  async () => {
    const file = path.join(scratch(), "id");
    const authorized = path.join(scratch(), "lines");
    await using sshd = await startSshd({
      config: [`AuthorizedKeysCommand /bin/cat ${authorized}`, "AuthorizedKeysCommandUser root"],
    });
    await using hub = await TestHub.start();
    await using agent = await linkedAgent(hub, enrolledState(hub), { ...readConfig(), ownKey: file });
    expect(agent.log.join("")).toContain("is not there");
    expect((await hub.hear("hello")).facts).toMatchObject({ ownKey: "", ownKeyProblem: expect.stringContaining("is not there") });
    answerAsks(hub, {});
    const target = targetAt(sshd.port, { ownKey: true, hostKeys: sshd.hostKeys });
    for (const kind of [
      ["-t", "ed25519"],
      ["-t", "rsa"],
      ["-t", "ecdsa"],
      ["-t", "rsa", "-m", "PEM"],
    ]) {
      makeKey(file, ...kind);
      await expect(hub.openExec(target, "true")).rejects.toThrow("authentication-failed (The neighbour does not let");
      fs.copyFileSync(`${file}.pub`, authorized);
      const command = await hub.openExec(target, "echo in");
      await command.until(() => command.closing !== null);
      expect(command.text()).toBe("in\n");
    }
    fs.chmodSync(file, 0o640);
    await expect(hub.openExec(target, "true")).rejects.toThrow("own-key-unusable");
    const other = { ...target, password: { ephemeralKey: Buffer.alloc(32), ciphertext: Buffer.alloc(32) } };
    await expect(hub.openExec(other, "true")).rejects.toThrow("malformed");
  },
);

test("without its owner's word a host's key is not used, whatever the hub orders", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const hello = await hub.hear("hello");
  expect(hello.capabilities).not.toContain("own-key");
  expect(hello.facts).toMatchObject({ ownKey: "", ownKeyProblem: "" });
  await expect(hub.openExec(targetAt(1, { ownKey: true }), "true")).rejects.toThrow("policy");
  await expect(hub.openShell({ ssh: targetAt(1, { ownKey: true }) })).rejects.toThrow("policy");
});

test("a key that others may read, that has a passphrase, or that is none is refused with the reason, and nothing of it is said", () => {
  const at = (name: string) => path.join(scratch(), name);
  const good = at("good");
  makeKey(good, "-t", "ed25519");
  expect(read(good)).toMatchObject({ ok: true, line: `${lineOf(good)} sallyport-${agentId}` });
  const locked = at("locked");
  makeKey(locked, "-t", "ed25519", "-N", "open sesame");
  const lockedPem = at("locked-pem");
  makeKey(lockedPem, "-t", "rsa", "-m", "PEM", "-N", "open sesame");
  const text = at("text");
  fs.writeFileSync(text, "root:secret line\n", { mode: 0o600 });
  const large = at("large");
  fs.writeFileSync(large, "x".repeat(100_000), { mode: 0o600 });
  const pipe = at("pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const open = at("open");
  fs.copyFileSync(good, open);
  fs.chmodSync(open, 0o604);
  const cases: [file: string, why: string][] = [
    [locked, "has a passphrase"],
    [lockedPem, "has a passphrase"],
    [text, "is no private key"],
    [`${good}.pub`, "may be read"],
    [large, "is no private key"],
    [pipe, "is no file"],
    [path.dirname(good), "is no file"],
    [open, "chmod 600"],
    [at("nowhere"), "is not there"],
    ["id_ed25519", "whole path"],
  ];
  for (const [file, why] of cases) expect(read(file), file).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  expect(JSON.stringify(read(text))).not.toContain("secret");
});

test("the owner says so by argument, environment or file, in this order, and the doctor shows what comes of it", async () => {
  const stateDir = scratch();
  expect(readConfig({ stateDir }, {}).ownKey).toBeNull();
  fs.writeFileSync(path.join(stateDir, "config.json"), '{"ownKey": "/from/file"}');
  expect(readConfig({ stateDir }, {}).ownKey).toBe("/from/file");
  expect(readConfig({ stateDir }, { SALLYPORT_OWN_KEY: "/from/env" }).ownKey).toBe("/from/env");
  expect(readConfig({ stateDir, ownKey: "own" }, { SALLYPORT_OWN_KEY: "/from/env" }).ownKey).toBe("own");
  expect(readConfig({ stateDir }, { SALLYPORT_OWN_KEY: "" }).ownKey).toBeNull();
  fs.writeFileSync(path.join(stateDir, "config.json"), '{"ownKey": 1}');
  expect(() => readConfig({ stateDir }, {})).toThrow("config.json must be");
  await using hub = await TestHub.start();
  const checks = await examine(enrolledState(hub).stateDir, { ...readConfig(), ownKey: "/nowhere" });
  expect(checks).toContainEqual({ name: "own key", ok: false, detail: "/nowhere is not there." });
});
