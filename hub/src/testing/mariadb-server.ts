// A real MariaDB on this machine, with a folder and a port of its own; it ends with the block that made it.
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

const program = "/usr/sbin/mariadbd";
/** Said where tests are skipped. */
export const missingMariadb =
  existsSync(program) && existsSync("/usr/bin/mariadb") ? null : "mariadbd (Debian package mariadb-server-core) is not installed";

/** What a statement of the real client came to: its rows, tab between columns, or the server's refusal. */
export type Said = { ok: boolean; text: string };

export type ServerCertificate = { certPem: string; keyPem: string };

export type DatabaseServer = AsyncDisposable & {
  port: number;
  /** Another from now on, of a server that was started with one. */
  show(certificate: ServerCertificate): Promise<void>;
  /** The account that the hub works with. */
  privileged: { username: string; password: string };
  /** By the server's own administrator, over its socket. @throws Error with what the client said. */
  asRoot(statements: string, database?: string): string;
  /** By the real client over TCP. */
  as(login: { username: string; password: string }, statement: string, database?: string): Said;
};

/** @param options.tls what it shows; null: it offers no TLS. @param options.settings besides, as on its command line. */
export async function startMariadb({
  tls = null,
  settings: more = [],
}: {
  tls?: ServerCertificate | null;
  settings?: string[];
} = {}): Promise<DatabaseServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-mariadb-"));
  const [data, socket, temporary] = [path.join(folder, "data"), path.join(folder, "socket"), path.join(folder, "temporary")];
  // A server that starts removes every temporary table that it finds: in a shared folder those of others as well.
  mkdirSync(temporary);
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  execFileSync(
    "mariadb-install-db",
    ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db", ...user],
    { stdio: "ignore", env: { ...process.env, TMPDIR: temporary } },
  );
  const port = await freePort();
  const settings = ["--bind-address=127.0.0.1", `--port=${port}`, `--socket=${socket}`, "--skip-log-bin", "--skip-name-resolve"];
  const [certificate, key] = [path.join(folder, "server.crt"), path.join(folder, "server.key")];
  const writeCertificate = ({ certPem, keyPem }: ServerCertificate) => {
    writeFileSync(certificate, certPem);
    writeFileSync(key, keyPem);
  };
  settings.push(...more);
  if (tls !== null) {
    writeCertificate(tls);
    settings.push(`--ssl-cert=${certificate}`, `--ssl-key=${key}`);
  }
  const child = spawn(
    program,
    ["--no-defaults", `--datadir=${data}`, `--tmpdir=${temporary}`, ...user, ...settings, "--innodb-flush-log-at-trx-commit=0"],
    {
      stdio: "ignore",
    },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const asRoot = (statements: string, database = ""): string =>
    execFileSync("mariadb", ["--no-defaults", "-N", "-B", "-u", "root", "-S", socket, ...(database ? [database] : [])], {
      input: statements,
      encoding: "utf8",
    });
  await eventually(
    () => spawnSync("mariadb", ["--no-defaults", "-u", "root", "-S", socket, "-e", "select 1"], { stdio: "ignore" }).status,
    (status) => status === 0,
    { what: "MariaDB to answer" },
  );
  const privileged = { username: "hub_admin", password: "the-privileged-password" };
  asRoot(`create user '${privileged.username}'@'%' identified by '${privileged.password}';
    grant all on *.* to '${privileged.username}'@'%' with grant option;`);
  return {
    port,
    privileged,
    show: async (shown) => {
      writeCertificate(shown);
      // Not waited for as asRoot() does: it waits for connections that are being made, whose other end is here.
      await promisify(execFile)("mariadb", ["--no-defaults", "-u", "root", "-S", socket, "-e", "flush ssl"]);
    },
    asRoot,
    as: ({ username, password }, statement, database) => {
      const { status, stdout, stderr } = spawnSync(
        "mariadb",
        ["--no-defaults", "-N", "-B", "-h", "127.0.0.1", "-P", String(port), "-u", username, ...(database ? [database] : [])],
        { input: statement, encoding: "utf8", env: { ...process.env, MYSQL_PWD: password } },
      );
      return { ok: status === 0, text: (status === 0 ? stdout : stderr).trim() };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
