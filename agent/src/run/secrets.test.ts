// Secrets of scripts, on this host and on a neighbour: in the environment of the script's process, and nowhere else that anybody could look.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { enrolledState, linkedAgent, spawnAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { answerAsks, newUserKey, noSshd, startSshd, targetAt } from "../testing/sshd.ts";

const planted = "planted-Geheimnis-0b1d";
const key = "-----BEGIN-----\nplanted-line-77aa\nxy\n-----END-----\n";
const secrets = { TOKEN: planted, KEY: key };
const names = Object.keys(secrets);

/** Every file under `folder`, and every process's command line, that shows the secret. */
function shown(folder: string): string[] {
  const { stdout } = run("grep", ["-rlaE", "planted-(Geheimnis|line)", folder]);
  const processes = fs.readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid));
  const told = processes.filter((pid) => readOr(`/proc/${pid}/cmdline`).includes("planted-"));
  return [...stdout.split("\n").filter(Boolean), ...told.map((pid) => readOr(`/proc/${pid}/cmdline`))];
}
function run(program: string, args: string[]): { stdout: string } {
  try {
    return { stdout: execFileSync(program, args, { encoding: "utf8" }) };
  } catch {
    return { stdout: "" }; // grep found nothing
  }
}
function readOr(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Says what it got where only the test looks, prints it in pieces, and waits to be let go. */
const printing = (folder: string): string =>
  [
    `printf %s "$TOKEN|$KEY" > ${folder}/got`,
    'printf "token=%s" "$(printf %s "$TOKEN" | cut -c 1-15)"; sleep 0.3; printf "is-0b1d.\\n"; printf "%s" "$KEY" >&2',
    'echo "line $(printf "%s" "$KEY" | sed -n 2p) xy"',
    `echo ready; until [ -e ${folder}/go ]; do sleep 0.1; done; printf "again %s" "$TOKEN"`,
  ].join("\n");
const masked = "token=***.\nline *** xy\nready\nagain ***";

test.each([
  ["on this host", false],
  ["on a neighbour", true],
] as const)("a script %s has its secrets, and neither disk, processes, log nor output show them", async (_where, far) => {
  if (far && noSshd !== null) return;
  const userKey = newUserKey();
  await using sshd = await startSshd({ authorized: [userKey] });
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const ssh = targetAt(sshd.port, { publicKey: userKey.wire, hostKeys: sshd.hostKeys });
  answerAsks(hub, { signsWith: userKey, equips: { ...(far ? { ssh } : {}), secrets } });
  const folder = scratch();
  const neighbour = { host: "127.0.0.1", port: sshd.port, username: os.userInfo().username };
  const begun = await hub.run(printing(folder), { secrets: names, ...(far ? { neighbour } : {}) });
  await begun.stream.until(() => begun.stream.text(0).includes("ready"));
  expect(fs.readFileSync(`${folder}/got`, "utf8")).toBe(`${planted}|${key}`);
  fs.rmSync(`${folder}/got`);
  expect(shown(agent.stateDir)).toEqual([]);
  fs.writeFileSync(`${folder}/go`, "");
  const result = await hub.resultOf(begun);
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exitCode: 0, stdoutBytes: masked.length, stderrBytes: 3 });
  expect(begun.stream.text(0)).toBe(masked);
  expect(begun.stream.text(1)).toBe("***");
  expect(agent.log.join("\n")).not.toContain("planted-");
  expect(shown("/var/tmp")).toEqual([]);
});

test.skipIf(noSshd)(
  "after the agent was killed the rest of the output is hidden as well, and none of it comes twice",
  async () => {
    const userKey = newUserKey();
    await using sshd = await startSshd({ authorized: [userKey] });
    await using hub = await TestHub.start();
    const { stateDir } = enrolledState(hub);
    const ssh = targetAt(sshd.port, { publicKey: userKey.wire, hostKeys: sshd.hostKeys });
    answerAsks(hub, { signsWith: userKey, equips: { ssh, secrets } });
    const folder = scratch();
    const neighbour = { host: "127.0.0.1", port: sshd.port, username: os.userInfo().username };
    await using first = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    const begun = await hub.run(printing(folder), { secrets: names, neighbour });
    await begun.stream.until(() => begun.stream.text(0).includes("ready"));
    first.kill();
    await hub.until(() => !hub.online);
    fs.writeFileSync(`${folder}/go`, "");
    await using _second = spawnAgent(stateDir);
    expect(await hub.resultOf(begun)).toMatchObject({ exitCode: 0, stdoutBytes: masked.length });
    expect(begun.stream.text(0)).toBe(masked);
    expect(shown(path.join(stateDir, "journal"))).toEqual([]);
  },
);

test("a script whose secrets the hub does not give never begins, and one whose agent was killed before it had them begins once", async () => {
  await using hub = await TestHub.start();
  const { stateDir } = enrolledState(hub);
  const folder = scratch();
  const witness = `${folder}/witness`;
  const waiting = await (async () => {
    await using first = spawnAgent(stateDir);
    await hub.hear("heartbeat");
    const begun = await hub.run(`printf "%s\\n" "$TOKEN" >> ${witness}`, { secrets: ["TOKEN"] });
    await hub.hear("runNeeds");
    first.kill();
    await hub.until(() => !hub.online);
    return begun;
  })();
  expect(fs.existsSync(witness)).toBe(false);
  answerAsks(hub, { equips: { secrets } });
  await using _second = spawnAgent(stateDir);
  expect(await hub.resultOf(waiting)).toMatchObject({ exitCode: 0 });
  expect(fs.readFileSync(witness, "utf8")).toBe(`${planted}\n`);
  hub.onHeard = ({ body, value }) => {
    if (body !== "runNeeds") return;
    const { executionId = "", attempt = 0 } = value;
    hub.say({ runLacks: { executionId, attempt, final: true, message: "The account is gone." } });
  };
  const refused = await hub.run(`touch ${folder}/never`, { secrets: ["TOKEN"] });
  expect(await hub.resultOf(refused)).toMatchObject({ end: wire.RunEnd.RUN_REFUSED, message: "The account is gone." });
  expect(fs.existsSync(`${folder}/never`)).toBe(false);
});
