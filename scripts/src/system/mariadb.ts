// A MariaDB in a network of its own, over files in a folder, with an account that may make others; and the real client.
import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { PrivateNetwork } from "./private-network.ts";
import { until } from "./until.ts";

export type MariaDb = {
  address: string;
  port: number;
  /** May make accounts and give them everything. */
  privileged: { username: string; password: string };
  /** By the server's own administrator. @throws Error with what the client said. */
  asRoot(statements: string): string;
  stop(): Promise<void>;
};

/** What a statement of the real client came to: rows with tabs between columns, or the server's refusal. */
export type ClientSaid = { ok: boolean; text: string };

/** @param folder for its files. */
export async function startMariaDb(network: PrivateNetwork, folder: string, port = 3_306): Promise<MariaDb> {
  const [data, socket, temporary] = [path.join(folder, "data"), path.join(folder, "socket"), path.join(folder, "temporary")];
  // A server that starts removes every temporary table that it finds: in a shared folder those of others as well.
  mkdirSync(temporary, { recursive: true });
  must(
    spawnSync(
      "mariadb-install-db",
      ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root"],
      { encoding: "utf8", env: { ...process.env, TMPDIR: temporary } },
    ),
  );
  const server: ChildProcess = network.start(
    "mariadbd",
    "--no-defaults",
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    "--user=root",
    `--bind-address=${network.insideAddress}`,
    `--port=${port}`,
    `--socket=${socket}`,
    "--skip-log-bin",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
  );
  server.stdout?.resume();
  server.stderr?.resume();
  const ended = new Promise((resolve) => server.once("close", resolve));
  const asRoot = (statements: string): string =>
    must(
      spawnSync("mariadb", ["--no-defaults", "-N", "-B", "-u", "root", "-S", socket], { input: statements, encoding: "utf8" }),
    );
  await until("MariaDB answers", () => {
    if (!existsSync(socket)) return false;
    return spawnSync("mariadb", ["--no-defaults", "-u", "root", "-S", socket, "-e", "select 1"]).status === 0;
  });
  const privileged = { username: "hub_admin", password: "the-privileged-password" };
  asRoot(`create user '${privileged.username}'@'%' identified by '${privileged.password}';
    grant all on *.* to '${privileged.username}'@'%' with grant option;`);
  return {
    address: network.insideAddress,
    port,
    privileged,
    asRoot,
    stop: async () => {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** The real client, over TCP to a port of this machine. */
export function mariadbClient(
  { username, password }: { username: string; password: string },
  port: number,
  statement: string,
): ClientSaid {
  const { status, stdout, stderr } = spawnSync(
    "mariadb",
    ["--no-defaults", "-N", "-B", "-h", "127.0.0.1", "-P", String(port), "-u", username, "--connect-timeout=10"],
    { input: statement, encoding: "utf8", env: { PATH: process.env.PATH ?? "", MYSQL_PWD: password } },
  );
  return { ok: status === 0, text: (status === 0 ? stdout : stderr).trim() };
}

function must({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): string {
  if (status !== 0) throw new Error(`MariaDB: ${stderr || stdout}`);
  return stdout;
}
