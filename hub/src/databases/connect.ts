// Databases: the hub's own connections to database servers of assets, through agents; what is there; and the accounts that requests give on them.
// Does not decide who is given anything (tickets), nor who may open what (access).
import { setTimeout as delay } from "node:timers/promises";
import type { AssetInZone } from "../assets/assets.ts";
import { HubError } from "../platform/errors.ts";
import { assertDatabaseService } from "./dialect.ts";
import { failureOf } from "./failures.ts";
import { connectMysql, type Login } from "./mysql.ts";
import { connectPostgresql } from "./postgresql.ts";
import { type DialDeps, dialServer, type ServerDial } from "./server-dial.ts";
import { refusedCertificate, trustIn } from "./server-tls.ts";
import { type DatabaseSession, type Driver, ownBounds } from "./session.ts";

export type { Login } from "./mysql.ts";

/** From the agent's first word to the server's welcome. */
const connectMs = 15_000;
/** What a server says before it lets anybody in. */
const greetingBytes = 256 * 1024;
/** The database that every PostgreSQL server has; one has to be named. */
const everywhere = "postgres";

/**
 * Signs in, to stay until `close()`. TLS where the server offers it, and nothing else where the asset says whose certificate it must be.
 *
 * @param protocol by which, where the asset offers several; left out: the first.
 * @param database null: none with MySQL, `postgres` with PostgreSQL.
 * @throws HubError `no-protocol`, `certificate-refused`, and as failures.ts and server-dial.ts say.
 */
export async function openDatabaseSession(
  deps: DialDeps,
  { target, login, database, protocol }: { target: AssetInZone; login: Login; database: string | null; protocol?: string },
): Promise<DatabaseSession> {
  const { asset } = target;
  const { dialect, port } = assertDatabaseService(asset, protocol);
  const names = { asset: asset.name, account: login.username };
  const trust = await trustIn(deps.db, target);
  const tls = trust.authorities === null ? "unchecked" : "checked";
  const connected = async (connect: (dial: ServerDial) => Promise<Driver>) => {
    const dial = await dialServer(deps, target, { port, greetingBytes });
    const deadline = setTimeout(() => dial.destroy(slow(asset.name)), connectMs).unref();
    try {
      return { dial, driver: await connect(dial) };
    } catch (error) {
      dial.destroy();
      throw dial.errored instanceof HubError ? dial.errored : error;
    } finally {
      clearTimeout(deadline);
    }
  };
  try {
    if (dialect === "postgresql") {
      let encrypted: DatabaseSession["encrypted"] = "no";
      const { dial, driver } = await connected(async (one) => {
        const connection = await connectPostgresql(one, { ...login, database: database ?? everywhere, trust });
        encrypted = connection.encrypted ? tls : "no";
        return connection;
      });
      return await sessionOn(dial, driver, { dialect, encrypted, names });
    }
    const mysql = (encrypted: boolean) => connected((dial) => connectMysql(dial, { ...login, database, tls: encrypted, trust }));
    try {
      const { dial, driver } = await mysql(true);
      return await sessionOn(dial, driver, { dialect, encrypted: tls, names });
    } catch (error) {
      if (!hasNoTls(error)) throw error;
      if (tls === "checked") throw refusedCertificate(trust, "no-tls");
      const { dial, driver } = await mysql(false);
      return await sessionOn(dial, driver, { dialect, encrypted: "no", names });
    }
  } catch (error) {
    throw failureOf(error, names, { signedIn: false });
  }
}

/**
 * The same for as long as `use` takes, which is given `deadlineMs`.
 *
 * @throws HubError as {@link openDatabaseSession}; what `use` throws.
 */
export async function withDatabase<T>(
  deps: DialDeps,
  what: { target: AssetInZone; login: Login; database: string | null; deadlineMs?: number },
  use: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  const session = await openDatabaseSession(deps, what);
  const done = new AbortController();
  const tooLong = delay(what.deadlineMs ?? 60_000, undefined, { signal: done.signal, ref: false }).then(
    () => session.close(),
    () => {}, // it was done in time
  );
  try {
    return await use(session);
  } finally {
    done.abort();
    await session.close();
    await tooLong;
  }
}

async function sessionOn(
  dial: ServerDial,
  driver: Driver,
  { dialect, encrypted, names }: Pick<DatabaseSession, "dialect" | "encrypted"> & { names: { asset: string; account: string } },
): Promise<DatabaseSession> {
  const closed = new Promise<void>((resolve) => {
    if (dial.destroyed) resolve();
    else dial.once("close", () => resolve());
  });
  const query: DatabaseSession["query"] = async (statement, values = [], bounds = {}) => {
    const within = { ...ownBounds, ...bounds };
    dial.allow(within.bytesMax);
    const deadline = setTimeout(() => dial.destroy(slow(names.asset)), within.timeoutMs).unref();
    try {
      return await driver.run(statement, values, within);
    } catch (error) {
      throw dial.errored instanceof HubError ? dial.errored : failureOf(error, names, { signedIn: true });
    } finally {
      clearTimeout(deadline);
    }
  };
  const close = async () => {
    await driver.end();
    dial.destroy();
  };
  try {
    const { rows } = await query("select version()");
    const said = rows[0]?.[0] ?? "";
    const version = dialect === "postgresql" ? (/^\S+ (\S+)/.exec(said)?.[1] ?? "") : said.slice(0, 100);
    return { dialect, agentId: dial.live.agentId, version, isMariaDb: /mariadb/i.test(said), encrypted, query, close, closed };
  } catch (error) {
    await close();
    throw error;
  }
}

const slow = (asset: string): HubError =>
  new HubError("not-reached", `${asset} did not answer in time.`, { facts: { asset, reason: "timed-out" } });

/** mysql2's word for a server without TLS. */
const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "HANDSHAKE_NO_SSL_SUPPORT";
