// DATABASE_URL: the hub on a PostgreSQL 15 of the operator's own, reached over a unix socket, instead of the embedded one.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminEnvironment, firstAdmin, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

const binaries = "/usr/lib/postgresql/15/bin";

describeWith([`${binaries}/postgres`, "setpriv"], "a PostgreSQL 15 given by DATABASE_URL", () => {
  let folder: TempFolder;
  let stopServer = async () => {};
  let databaseUrl = "";

  beforeAll(async () => {
    folder = tempFolder("postgresql");
    const cluster = path.join(folder.path, "cluster");
    mkdirSync(cluster, { mode: 0o700 });
    chmodSync(folder.path, 0o755);
    const asServer = account(cluster);
    const run = (program: string, ...args: string[]) => {
      const [command = "", ...words] = [...asServer, path.join(binaries, program), ...args];
      const { status, stderr } = spawnSync(command, words, { encoding: "utf8", cwd: "/" });
      if (status !== 0) throw new Error(`${program}: ${stderr}`);
    };
    run("initdb", "-D", cluster, "-U", "operator", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
    const [command = "", ...words] = [
      ...asServer,
      path.join(binaries, "postgres"),
      "-D",
      cluster,
      "-k",
      cluster,
      "-c",
      "listen_addresses=",
      "-c",
      "fsync=off",
    ];
    const server = spawn(command, words, { stdio: "ignore", cwd: "/" });
    const exited = new Promise((resolve) => server.once("close", resolve));
    stopServer = async () => {
      server.kill("SIGINT");
      await exited;
    };
    await until(
      "the server listens",
      () =>
        readdirSync(cluster).includes(".s.PGSQL.5432") &&
        spawnSync(path.join(binaries, "pg_isready"), ["-h", cluster]).status === 0,
    );
    run("createdb", "-h", cluster, "-U", "operator", "bastion");
    databaseUrl = `postgres://localhost/bastion?host=${encodeURIComponent(cluster)}&user=operator`;
  });
  afterAll(async () => {
    await stopServer();
    folder[Symbol.dispose]();
  });

  test("carries a terminal's list, a run and a second start; no embedded database is made", async () => {
    const data = path.join(folder.path, "data");
    const env = { ...adminEnvironment, DATABASE_URL: databaseUrl };
    const first = await launchHub({ dataDir: data, env });
    let id = "";
    try {
      expect(JSON.parse(sallyportCommand(data, "status", "--json"))).toMatchObject({ database: { kind: "external", ok: true } });
      const rest = new RestClient(first.url, key(data));
      const run = await rest.finishedRun(
        await rest.startRun({ assetIds: [(await rest.onlineAsset()).id], script: "echo external", interpreter: "sh" }),
      );
      id = run.id;
      expect(readdirSync(data)).not.toContain("postgres");
    } finally {
      expect(await first.stop()).toMatchObject({ code: 0 });
    }
    const second = await launchHub({ dataDir: data, env });
    try {
      const rest = new RestClient(second.url, key(data));
      expect((await rest.run(id)).executions).toMatchObject([{ state: "finished", exitCode: 0 }]);
    } finally {
      await second.stop();
    }
  }, 120_000);
});

const key = (data: string) =>
  sallyportCommand(data, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e").trim().split("\n").at(-1) ?? "";

/** Words before a server program: PostgreSQL refuses to run as root, so root lends it the package's account. */
function account(cluster: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const [uid, gid] = [id("-u"), id("-g")];
  chownSync(cluster, uid, gid);
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
}
