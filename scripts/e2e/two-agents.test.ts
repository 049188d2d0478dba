// A second agent, installed by the one-line command in a network that nobody can dial into; scripts on both, byte for byte.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { isGone, processTree } from "../src/system/processes.ts";
import { type Asset, type Execution, RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { TerminalClient } from "../src/system/terminal-client.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

const witnessBytes = 1_048_576;
const hostNetwork = readlinkSync("/proc/self/ns/net").replaceAll(/\D/g, "");

describeWith(["root", "ip", "iptables", "curl", "openssl"], "two agents", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let rest: RestClient;
  let network: PrivateNetwork;
  let local: Asset;
  let remote: Asset;
  let home = "";
  let install = "";

  beforeAll(async () => {
    folder = tempFolder("two-agents");
    home = path.join(folder.path, "home");
    mkdirSync(home);
    network = privateNetwork(7);
    hub = await launchHub({ dataDir: path.join(folder.path, "data"), env: adminEnvironment });
    const key =
      sallyportCommand(hub.dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    rest = new RestClient(hub.url, key);
    local = await rest.onlineAsset();
  });
  afterAll(async () => {
    endRemoteAgent();
    await hub?.stop();
    network?.[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  const prefix = () => path.join(home, "sallyport");

  /** Runs a line as a person in that network would. A systemd of this machine is hidden: its units would run outside of the network. */
  function inNetwork(line: string) {
    const hide = "test ! -d /run/systemd/system || mount -t tmpfs none /run/systemd; ";
    const [command = "", ...words] = [
      ...network.inside,
      "env",
      "-i",
      `HOME=${home}`,
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      "sh",
      "-c",
      `${hide}${line}`,
    ];
    return spawnSync(command, words, { encoding: "utf8", timeout: 120_000 });
  }

  function remotePid(): number {
    const file = path.join(prefix(), "state/agent.pid");
    return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : 0;
  }

  function endRemoteAgent() {
    const pid = remotePid();
    if (pid > 1 && existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
  }

  test("nobody can dial into the private network", async () => {
    const listener = network.start("openssl", "s_server", "-accept", "7777", "-nocert", "-quiet");
    try {
      await until("something listens inside", () => /:1E61 /.test(network.run("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout)); // 7777
      const socket = net.connect({ host: network.insideAddress, port: 7777 });
      const reached = await new Promise((resolve) => {
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
        socket.setTimeout(1_500, () => resolve(false));
      });
      socket.destroy();
      expect(reached).toBe(false);
    } finally {
      const gone = new Promise((resolve) => listener.once("close", resolve));
      listener.kill();
      await gone;
    }
  });

  test("the one-line command installs an agent there and it comes online", async () => {
    const port = new URL(hub.url).port;
    const token = await rest.enrolmentToken({ hubUrl: `https://${network.hostAddress}:${port}`, name: "behind-the-wall" });
    install = token.unprivilegedCommand ?? `${token.command} -s -- --prefix "$HOME/sallyport"`;
    const { status, stdout, stderr } = inNetwork(install);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout + stderr).toMatch(/online in \d+(\.\d+)? s/);
    remote = await rest.onlineAsset("behind-the-wall");
    expect(remote.id).not.toBe(local.id);
    const agents = await rest.agents();
    expect(agents.map(({ name, state }) => ({ name, state }))).toContainEqual({ name: "behind-the-wall", state: "online" });
    // It lives in that network and nowhere else.
    expect(readlinkSync(`/proc/${remotePid()}/ns/net`).replaceAll(/\D/g, "")).toBe(network.id);
  }, 180_000);

  test("the same line a second time is refused in a sentence and enrols nobody", async () => {
    const { status, stdout, stderr } = inNetwork(install.replace('"$HOME/sallyport"', '"$HOME/second"'));
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/token.*used|used.*token/i);
    expect(await rest.agents()).toHaveLength(2);
  }, 180_000);

  test("an idle agent begins a script at once, and again", async () => {
    for (let n = 0; n < 3; n += 1) {
      const from = performance.now();
      await rest.finishedRun(await rest.startRun({ assetIds: [local.id, remote.id], script: "true", interpreter: "sh" }));
      expect(performance.now() - from).toBeLessThan(5_000);
    }
  }, 60_000);

  test("a script's megabyte of arbitrary bytes arrives from both hosts as the hosts wrote it, stdout and stderr apart", async () => {
    const witness = path.join(folder.path, "witness");
    mkdirSync(witness);
    const script = [
      "host=$(readlink /proc/self/ns/net | tr -dc 0-9)",
      `{ echo "out of $host"; head -c ${witnessBytes} /dev/urandom; printf 'end\\0'; } | tee "$WITNESS/$host.stdout"`,
      `{ echo "err of $host"; head -c ${witnessBytes} /dev/urandom; } | tee "$WITNESS/$host.stderr" >&2`,
      "exit 5",
    ].join("\n");
    const run = await rest.finishedRun(
      await rest.startRun({ assetIds: [local.id, remote.id], script, interpreter: "sh", env: { WITNESS: witness } }),
    );
    const hosts = new Map([
      [local.id, hostNetwork],
      [remote.id, network.id],
    ]);
    expect(run.executions).toHaveLength(2);
    for (const execution of run.executions) {
      expect(execution).toMatchObject({ state: "finished", exitCode: 5, signal: null });
      for (const channel of ["stdout", "stderr"] as const) {
        const written = readFileSync(path.join(witness, `${hosts.get(execution.assetId)}.${channel}`));
        const arrived = await rest.output(execution.id, channel);
        expect(written.length).toBeGreaterThan(witnessBytes);
        expect(
          arrived.equals(written),
          `${channel} of ${execution.assetId}: ${arrived.length} bytes arrived, ${written.length} were written`,
        ).toBe(true);
      }
    }
    // A part of it, by Range.
    const [first] = run.executions;
    const part = await rest.request("GET", `/executions/${first?.id}/stdout`, undefined, { range: "bytes=100-199" });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual((await rest.output(first?.id ?? "", "stdout")).subarray(100, 200));
  }, 90_000);

  test.each([
    ["sh", 'echo "$1-$V"', "a b-c d\n"],
    ["bash", '[[ $# == 1 ]] && echo "$1-$V"', "a b-c d\n"],
    ["python3", "import os, sys; print(sys.argv[1] + '-' + os.environ['V'])", "a b-c d\n"],
    ["node", "console.log(process.argv[2] + '-' + process.env.V)", "a b-c d\n"],
  ])("arguments and environment reach a %s script unchanged", async (interpreter, script, output) => {
    const id = await rest.startRun({ assetIds: [remote.id], script, interpreter, args: ["a b"], env: { V: "c d" } });
    const [execution] = (await rest.finishedRun(id)).executions;
    expect((await rest.output(execution?.id ?? "", "stderr")).toString()).toBe("");
    expect((await rest.output(execution?.id ?? "", "stdout")).toString()).toBe(output);
  });

  test("stopping a run ends its processes on both hosts", async () => {
    const id = await rest.startRun({
      assetIds: [local.id, remote.id],
      script: "sleep 300 & echo $$ $!; wait",
      interpreter: "sh",
    });
    const pidsOf = async ({ id: execution }: Execution) =>
      (await rest.output(execution, "stdout")).toString().trim().split(/\s+/).map(Number);
    const pids = await until("both print their processes", async () => {
      const { executions } = await rest.run(id);
      const printed = (await Promise.all(executions.map((execution) => pidsOf(execution).catch(() => [])))).map((list) =>
        list.filter((pid) => pid > 1),
      );
      return printed.length === 2 && printed.every((list) => list.length === 2) ? printed.flat() : null;
    });
    const processes = pids.flatMap((pid) => processTree(pid).slice(0, 1));
    await rest.stopRun(id);
    const run = await rest.finishedRun(id);
    for (const execution of run.executions) expect(execution).toMatchObject({ state: "finished", reason: "stopped" });
    expect(processes.length).toBe(4);
    expect(processes.filter((one) => !isGone(one))).toEqual([]);
  }, 60_000);

  test("a script that runs past its time limit is ended and says so", async () => {
    const id = await rest.startRun({ assetIds: [remote.id], script: "sleep 300", interpreter: "sh", timeoutSeconds: 1 });
    expect((await rest.finishedRun(id)).executions).toMatchObject([{ state: "finished", reason: "timeout" }]);
  }, 60_000);

  test("a terminal through the wall: typed by a client that is not ours, over TLS", async () => {
    const terminal = new TerminalClient({ url: hub.url, key: rest.key, assetId: remote.id });
    const { sessionId } = await terminal.opened;
    const shown = terminal.output("inside-");
    terminal.type("echo in''side-$(readlink /proc/self/ns/net | tr -dc 0-9); exit 4\r");
    await shown;
    expect(await terminal.ended).toMatchObject({ reason: "exit", exitCode: 4 });
    const cast = await (await rest.request("GET", `/sessions/${sessionId}/recording.cast`)).text();
    expect(cast).toContain(`inside-${network.id}`);
  }, 30_000);

  test("revoking the agent closes its link, ends its terminal, and its key is dead", async () => {
    const terminal = new TerminalClient({ url: hub.url, key: rest.key, assetId: remote.id });
    await terminal.opened;
    const pid = remotePid();
    const { agentPort } = JSON.parse(readFileSync(path.join(prefix(), "state/identity.json"), "utf8")) as { agentPort: number };
    const before = linksOf(pid, agentPort);
    expect(before.length).toBeGreaterThan(0);
    await rest.revokeAgent(remote.agentId, "left the building");
    // It is closed by then; this process may come to look at it late.
    await until("link closed", () => !linksOf(pid, agentPort).some((port) => before.includes(port)), {
      deadlineMs: 3_000,
      everyMs: 10,
    });
    expect(await terminal.ended).toMatchObject({ reason: "agent-revoked" });
    expect((await rest.agents()).find(({ id }) => id === remote.agentId)?.state ?? "revoked").toBe("revoked");
    // It may try again; it is never let in.
    const node = '"$HOME/sallyport/runtime/node" "$HOME/sallyport/agent.cjs"';
    expect(inNetwork(`${node} status --state "$HOME/sallyport/state" --wait 3`).status).not.toBe(0);
    expect((await rest.assets()).find(({ id }) => id === remote.id)?.online ?? false).toBe(false);
  }, 60_000);

  test("uninstall stops the agent and removes it", async () => {
    const pid = remotePid();
    const [process] = processTree(pid);
    const { status, stdout, stderr } = inNetwork(
      `${install.replace(/SALLYPORT_TOKEN=\S+ sh\b.*$/, "")} sh -s -- uninstall --prefix "$HOME/sallyport"`,
    );
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
    expect(existsSync(path.join(prefix(), "agent.cjs"))).toBe(false);
    if (process !== undefined) await until("agent gone", () => isGone(process));
  }, 60_000);
});

/** Local ports of a process' network's established TCP connections to this remote port (proc(5), net/tcp). */
function linksOf(pid: number, remotePort: number): number[] {
  const established = "01";
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local = "", remote = "", state] = line.trim().split(/\s+/);
        const port = (address: string) => Number.parseInt(address.split(":")[1] ?? "", 16);
        return state === established && port(remote) === remotePort ? [port(local)] : [];
      }),
  );
}
