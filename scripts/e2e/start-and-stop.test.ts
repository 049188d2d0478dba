// Starting and stopping as a whole: nothing is left behind, everything is found again, and every refusal is one sentence.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  adminEnvironment,
  checkout,
  type Ending,
  firstAdmin,
  type LaunchedHub,
  launchHub,
  sallyportCommand,
  spawnLauncher,
} from "../src/system/launched-hub.ts";
import { isGone, type Process } from "../src/system/processes.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

let folder: TempFolder;
const hubs: LaunchedHub[] = [];

beforeEach(() => {
  folder = tempFolder("start");
});
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.stop();
  folder[Symbol.dispose]();
});

async function launch(options: Partial<Parameters<typeof launchHub>[0]> = {}) {
  const hub = await launchHub({ dataDir: folder.path, env: adminEnvironment, ...options });
  hubs.push(hub);
  return hub;
}

/** Those that still run a moment after the launcher ended: none may. */
const survivors = (processes: Process[]) => processes.filter((one) => !isGone(one)).map(({ command }) => command);

const accessKey = (name: string) =>
  sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", name).trim().split("\n").at(-1) ??
  "";

describe("a running Sallyport", () => {
  test("Ctrl-C ends every process with exit code 0, and the second start finds all data and the same agent", async () => {
    const first = await launch();
    const key = accessKey("kept");
    const rest = new RestClient(first.url, key);
    const before = await rest.onlineAsset();
    const run = await rest.finishedRun(await rest.startRun({ assetIds: [before.id], script: "echo kept", interpreter: "sh" }));
    const processes = first.processes();
    expect(processes.map(({ command }) => command).join("\n")).toMatch(
      /hub\/dist\/main\.js[\s\S]*postgres|postgres[\s\S]*hub\/dist\/main\.js/,
    );
    // People have terminals there: what the hub was given in its environment is not the agent's to know.
    const agent = processes.find(({ command }) => /agent\.cjs run/.test(command));
    expect(readFileSync(`/proc/${agent?.pid}/environ`, "utf8")).not.toContain(firstAdmin.password);
    expect(await first.stop("SIGINT")).toMatchObject({ code: 0 });
    expect(survivors(processes)).toEqual([]);

    const second = await launch();
    const again = new RestClient(second.url, key);
    const after = await again.onlineAsset();
    expect(after).toMatchObject({ id: before.id, agentId: before.agentId });
    expect((await again.assets()).length).toBe(1);
    expect((await again.output(run.executions[0]?.id ?? "", "stdout")).toString()).toBe("kept\n");
    expect(second.setupLink).toBeNull();
    const rerun = await again.finishedRun(
      await again.startRun({ assetIds: [after.id], script: "echo works", interpreter: "sh" }),
    );
    expect(rerun.executions).toMatchObject([{ exitCode: 0 }]);
  }, 90_000);

  test("Ctrl-C while a terminal is open and a script runs still ends all within seconds", async () => {
    const hub = await launch();
    const rest = new RestClient(hub.url, accessKey("busy"));
    const asset = await rest.onlineAsset();
    await rest.startRun({ assetIds: [asset.id], script: "sleep 3", interpreter: "sh" });
    const from = performance.now();
    const processes = hub.processes();
    expect(await hub.stop("SIGINT")).toMatchObject({ code: 0 });
    expect(performance.now() - from).toBeLessThan(12_000);
    // A script belongs to its host: it may finish there, and its result waits on disk for the hub.
    expect(survivors(processes).filter((command) => !/runner\.cjs|sleep/.test(command))).toEqual([]);
  }, 90_000);

  test("a hub that is killed takes database and agent along, and the launcher says so with exit code 1", async () => {
    const hub = await launch();
    const processes = hub.processes();
    const main = processes.find(({ command }) => command.includes("hub/dist/main.js"));
    if (main === undefined) throw new Error("no hub process");
    process.kill(main.pid, "SIGKILL");
    const { code, stderr } = await hub.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/The hub ended by itself \(signal SIGKILL\)\./);
    await until("all processes gone", () => survivors(processes).length === 0);
  }, 90_000);

  test("a launcher that is killed takes hub and database along, and the next start works", async () => {
    const hub = await launch();
    const all = hub.processes();
    const agents = all.filter(({ command }) => command.includes("agent.cjs"));
    const processes = all.filter((one) => !agents.includes(one));
    process.kill(hub.pid, "SIGKILL");
    await until("hub and database gone", () => survivors(processes).length === 0);
    // The agent keeps dialling, as it does whenever its hub is away; the next start takes its place.
    const next = await launch();
    expect(survivors(agents)).toEqual([]);
    expect(JSON.parse(sallyportCommand(folder.path, "status", "--json"))).toMatchObject({
      url: next.url,
      agents: { total: 1, online: 1 },
    });
  }, 90_000);

  test("a data folder with a long path works for hub, agent and command", async () => {
    const deep = path.join(folder.path, "d".repeat(60), "e".repeat(60));
    mkdirSync(deep, { recursive: true });
    const hub = await launch({ dataDir: deep });
    expect(JSON.parse(sallyportCommand(deep, "status", "--json"))).toMatchObject({ url: hub.url, agents: { online: 1 } });
  }, 90_000);

  test("--no-agent starts the hub alone", async () => {
    const hub = await launch({ args: ["--no-agent"] });
    expect(JSON.parse(sallyportCommand(folder.path, "status", "--json"))).toMatchObject({ agents: { total: 0 } });
    expect(hub.processes().filter(({ command }) => command.includes("agent.cjs"))).toEqual([]);
  });
});

describe("a start that cannot succeed says why in one sentence and leaves nothing", () => {
  /** Runs a start to its end and gives it, with all processes it had. */
  async function refused(args: string[], env: Record<string, string> = {}): Promise<Ending> {
    const launcher = spawnLauncher({ dataDir: folder.path, args, env: { ...adminEnvironment, ...env } });
    const ending = await launcher.ended;
    expect(ending.code).toBe(1);
    expect(ending.stderr.trim().split("\n")).toHaveLength(1);
    expect(ending.stderr).toMatch(/^[A-Z-][^\n]*\.\n$/);
    expect(ending.stderr).not.toMatch(/ {4}at /);
    return ending;
  }

  test("a busy port", async () => {
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, "0.0.0.0", resolve));
    try {
      const address = taken.address();
      const port = String(address !== null && typeof address === "object" ? address.port : 0);
      const { stderr } = await refused(["--port", port, "--agent-port", "0"]);
      expect(stderr).toContain(port);
      const postmaster = path.join(folder.path, "postgres/postmaster.pid");
      expect(() => readFileSync(postmaster)).toThrow(/ENOENT/);
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  test("a data folder that another hub holds, which goes on undisturbed", async () => {
    const hub = await launch({ args: ["--no-agent"] });
    const { stderr } = await refused([]);
    expect(stderr).toContain("in use by another hub");
    expect(JSON.parse(sallyportCommand(folder.path, "status", "--json"))).toMatchObject({ url: hub.url, database: { ok: true } });
  });

  test.each([
    [["--port", "nope"], "--port"],
    [["--no-such-option", "1"], "no-such-option"],
    [["--detach-grace", "-5"], "--detach-grace"],
    [["--public-url", "not a url"], "--public-url"],
  ])("a bad value: %j", async (args, word) => {
    expect((await refused(args)).stderr).toContain(word);
  });

  test("a database that does not answer", async () => {
    const { stderr } = await refused([], { DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" });
    expect(stderr).toContain("DATABASE_URL");
  });

  test("a data folder that is a file", async () => {
    const file = path.join(folder.path, "file");
    writeFileSync(file, "");
    const launcher = spawnLauncher({ dataDir: file });
    const { code, stderr } = await launcher.ended;
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("help", () => {
  test("npm start -- --help lists every option with flag, variable and default", async () => {
    const { code, stdout } = await spawnLauncher({ dataDir: folder.path, args: ["--help"] }).ended;
    expect(code).toBe(0);
    for (const word of ["--port", "SALLYPORT_PORT", "8443", "DATABASE_URL", "--no-agent"]) expect(stdout).toContain(word);
  });
});

describeWith(["root", "setpriv", "unshare", "mount"], "an ordinary user", () => {
  const uid = 65_534;

  test("starts hub, embedded database and agent, and runs a script", async () => {
    const [data, home, view] = ["data", "home", "checkout"].map((name) => path.join(folder.path, name));
    if (data === undefined || home === undefined || view === undefined) throw new Error("three folders");
    for (const made of [data, home, view]) mkdirSync(made);
    chmodSync(folder.path, 0o755);
    for (const owned of [data, home]) chownSync(owned, uid, uid);
    // The checkout may lie in a folder closed to others: in a mount namespace of its own the user sees it elsewhere.
    const asUser = `mount --bind "$1" "$2"; shift 2; exec setpriv --reuid=${uid} --regid=${uid} --clear-groups "$@"`;
    const prefix = ["unshare", "--mount", "sh", "-ec", asUser, "sh", checkout, view];
    expect(spawnSync(prefix[0] ?? "", [...prefix.slice(1), "id", "-u"], { encoding: "utf8" }).stdout.trim()).toBe(String(uid));
    const hub = await launch({ dataDir: data, prefix, checkout: view, env: { ...adminEnvironment, HOME: home } });
    const postgres = hub.processes().find(({ command }) => /bin\/postgres/.test(command));
    expect(readFileSync(`/proc/${postgres?.pid ?? 0}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\s+${uid}\\s`, "m"));
    const key =
      sallyportCommand(data, "access-key", "create", "--email", firstAdmin.email, "--name", "user").trim().split("\n").at(-1) ??
      "";
    const rest = new RestClient(hub.url, key);
    const asset = await rest.onlineAsset();
    const run = await rest.finishedRun(await rest.startRun({ assetIds: [asset.id], script: "id -u", interpreter: "sh" }));
    expect((await rest.output(run.executions[0]?.id ?? "", "stdout")).toString()).toBe(`${uid}\n`);
    const processes = hub.processes();
    expect(await hub.stop()).toMatchObject({ code: 0 });
    expect(survivors(processes)).toEqual([]);
  }, 90_000);
});
