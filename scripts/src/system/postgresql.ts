// A PostgreSQL 15 of the operator's own, on a unix socket in a folder, that a test may kill and start again.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { until } from "./until.ts";

export const postgresqlBinaries = "/usr/lib/postgresql/15/bin";

export type OwnPostgresql = AsyncDisposable & {
  url: string;
  /** SIGKILL to the server and all of its processes. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** @param folder that others may pass, since the server runs as an account of its own when we are root. */
export async function startPostgresql(folder: string): Promise<OwnPostgresql> {
  const cluster = path.join(folder, "cluster");
  mkdirSync(cluster, { mode: 0o700 });
  chmodSync(folder, 0o755);
  const account = accountOf(cluster);
  const run = (program: string, ...args: string[]) => {
    const [command = "", ...words] = [...account, path.join(postgresqlBinaries, program), ...args];
    const { status, stderr } = spawnSync(command, words, { encoding: "utf8", cwd: "/" });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  run("initdb", "-D", cluster, "-U", "operator", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
  let server: ChildProcess;
  let exited: Promise<unknown> = Promise.resolve();
  const start = async () => {
    const program = [...account, path.join(postgresqlBinaries, "postgres")];
    const [command = "", ...words] = [...program, "-D", cluster, "-k", cluster, "-c", "listen_addresses=", "-c", "fsync=off"];
    server = spawn(command, words, { stdio: "ignore", cwd: "/", detached: true });
    exited = new Promise((resolve) => server.once("close", resolve));
    await until(
      "the server listens",
      () =>
        readdirSync(cluster).includes(".s.PGSQL.5432") &&
        spawnSync(path.join(postgresqlBinaries, "pg_isready"), ["-h", cluster]).status === 0,
    );
  };
  await start();
  run("createdb", "-h", cluster, "-U", "operator", "bastion");
  return {
    url: `postgres://localhost/bastion?host=${encodeURIComponent(cluster)}&user=operator`,
    start,
    kill: async () => {
      if (server.pid !== undefined) process.kill(server.pid, "SIGKILL");
      await exited; // its workers notice within a moment and end themselves
    },
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGINT");
      await exited;
    },
  };
}

/** Words before a server program: PostgreSQL refuses to run as root, so root lends it the package's account. */
function accountOf(cluster: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const [uid, gid] = [id("-u"), id("-g")];
  chownSync(cluster, uid, gid);
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
}
