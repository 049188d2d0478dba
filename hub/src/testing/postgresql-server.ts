// A real PostgreSQL on this machine that people's databases are in: a folder and a port of its own, passwords asked. It ends with the block that made it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import type { DatabaseServer, ServerCertificate } from "./mariadb-server.ts";

const bin = "/usr/lib/postgresql/15/bin";
/** Said where tests are skipped. */
export const missingPostgresql = existsSync(`${bin}/postgres`)
  ? null
  : "PostgreSQL (Debian package postgresql-15) is not installed";

/** It refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };

/** @param options.tls what it shows; null: it offers no TLS. */
export async function startPostgresql({ tls = null }: { tls?: ServerCertificate | null } = {}): Promise<DatabaseServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-postgresql-"));
  chmodSync(folder, 0o755);
  const cluster = path.join(folder, "cluster");
  mkdirSync(cluster, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(cluster, nobody.uid, nobody.gid);
  const options = { cwd: "/", ...(isRoot ? nobody : {}) };
  execFileSync(
    `${bin}/initdb`,
    [
      "-D",
      cluster,
      "-U",
      "root",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
      "--auth-local=trust",
      "--auth-host=scram-sha-256",
    ],
    { ...options, stdio: "ignore" },
  );
  const writeCertificate = ({ certPem, keyPem }: ServerCertificate) => {
    const key = path.join(cluster, "server.key");
    writeFileSync(path.join(cluster, "server.crt"), certPem);
    writeFileSync(key, keyPem, { mode: 0o600 });
    if (isRoot) chownSync(key, nobody.uid, nobody.gid);
  };
  if (tls !== null) {
    writeCertificate(tls);
    writeFileSync(path.join(cluster, "postgresql.auto.conf"), "ssl = on\n");
  }
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, `unix_socket_directories=${cluster}`, "fsync=off", "jit=off"];
  const words = ["-D", cluster, ...settings.flatMap((setting) => ["-c", setting])];
  const child = spawn(`${bin}/postgres`, words, { ...options, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const asRoot = (statements: string, database = "postgres"): string =>
    execFileSync(
      "psql",
      ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", cluster, "-p", String(port), "-U", "root", "-d", database],
      { input: statements, encoding: "utf8" },
    );
  await eventually(
    () =>
      spawnSync("psql", ["-X", "-h", cluster, "-p", String(port), "-U", "root", "-d", "postgres", "-c", "select 1"], {
        stdio: "ignore",
      }).status,
    (status) => status === 0,
    { what: "PostgreSQL to answer" },
  );
  const privileged = { username: "hub_admin", password: "the-privileged-password" };
  asRoot(`create role ${privileged.username} login superuser password '${privileged.password}'`);
  return {
    port,
    privileged,
    show: async (shown) => {
      writeCertificate(shown);
      asRoot("select pg_reload_conf()");
    },
    asRoot,
    as: ({ username, password }, statement, database = "postgres") => {
      const { status, stdout, stderr } = spawnSync(
        "psql",
        ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", String(port), "-U", username, "-d", database],
        { input: statement, encoding: "utf8", env: { ...process.env, PGPASSWORD: password } },
      );
      return { ok: status === 0, text: (status === 0 ? stdout : stderr).trim() };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
