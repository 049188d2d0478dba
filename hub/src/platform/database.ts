// The one way to PostgreSQL: postgres.js under drizzle. Migrations run at start, on databases with data.
import { DrizzleQueryError } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { HubError, notFound } from "./errors.ts";

export type Database = PostgresJsDatabase;
/** Inside a transaction; use cases take this, so that state, audit and decision commit together. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];
export type Queryable = Database | Transaction;

/** What uuidv7 or MERGE … RETURNING would need is newer; 15 is what Debian 12 and the clouds still run. */
const oldestVersion = 150_000;

/**
 * Seconds before a lost connection is tried again, and so what a request waits before it is told that the database is away. postgres.js
 * would go up to twenty; the server is a socket away, and only requests try.
 */
const retrySeconds = (attempt: number): number => Math.min(0.25, 0.02 * 2 ** attempt);

export type OpenDatabase = { db: Database; version: string; close(): Promise<void>; ping(): Promise<void> };

/** @param connection a postgres URL, or the folder of the unix socket of the embedded server. */
export async function openDatabase(
  connection: { url: string } | { socketDir: string; user: string },
  { migrationsDir }: { migrationsDir: string },
): Promise<OpenDatabase> {
  const shared = {
    max: 6, // short transactions on a few cores; each more is a server process of 20 MB
    idle_timeout: 60,
    connect_timeout: 10,
    backoff: retrySeconds,
    onnotice: () => {},
    connection: { application_name: "sallyport", TimeZone: "UTC" },
  };
  const sql =
    "url" in connection
      ? openUrl(connection.url, shared)
      : postgres({ ...shared, host: connection.socketDir, user: connection.user, database: "sallyport" });
  try {
    const [row] = await sql<
      { number: string; text: string }[]
    >`select current_setting('server_version_num') as number, current_setting('server_version') as text`;
    if (row === undefined || Number(row.number) < oldestVersion)
      throw new HubError(
        "bad-config",
        `The database is PostgreSQL ${row?.text ?? "of unknown version"}; version 15 or later is needed.`,
      );
    const db = drizzle(sql);
    await migrate(db, { migrationsFolder: migrationsDir });
    return {
      db,
      version: row.text,
      close: () => sql.end({ timeout: 5 }),
      ping: async () => {
        await sql`select 1`;
      },
    };
  } catch (error) {
    await sql.end({ timeout: 1 });
    if (error instanceof HubError) throw error;
    const reason = error instanceof Error ? error.message || ("code" in error ? String(error.code) : error.name) : String(error);
    throw new HubError("bad-config", `The database cannot be used: ${reason}. Check DATABASE_URL and that the server runs.`, {
      cause: error,
    });
  }
}

/**
 * For a verifier: nothing is migrated, and the server refuses every write.
 *
 * @throws the driver's error when the server cannot be reached.
 */
export async function openForReading(
  connection: { url: string } | { socketDir: string; user: string },
): Promise<{ db: Database; close(): Promise<void> }> {
  const shared = {
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
    connection: { application_name: "sallyport audit verify", TimeZone: "UTC", default_transaction_read_only: true },
  };
  const sql =
    "url" in connection
      ? openUrl(connection.url, shared)
      : postgres({ ...shared, host: connection.socketDir, user: connection.user, database: "sallyport" });
  await sql`select 1`.catch(async (error: unknown) => {
    await sql.end({ timeout: 1 });
    throw error;
  });
  return { db: drizzle(sql), close: () => sql.end({ timeout: 5 }) };
}

/** Codes of postgres.js, and of a server that goes down or comes up (class 57P). */
const awayCodes = /^(CONNECT_TIMEOUT|CONNECTION_(CLOSED|DESTROYED|ENDED)|57P0[1-3])$/;

/** The sentence for a query that never reached a server; null for every other error. */
export function databaseAway(error: unknown): HubError | null {
  let ofQuery = false;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    ofQuery ||= at instanceof DrizzleQueryError;
    const code = "code" in at && typeof at.code === "string" ? at.code : "";
    // The hub dials nobody else.
    const notConnected = "syscall" in at && at.syscall === "connect";
    const cutOff = ofQuery && (code === "ECONNRESET" || code === "EPIPE");
    if (awayCodes.test(code) || notConnected || cutOff)
      return new HubError("unavailable", "The database does not answer; open terminals go on. Try again in a moment.", {
        cause: error,
      });
  }
  return null;
}

/** PostgreSQL's code of a unique violation, for turning a lost race into a sentence. */
export function isUniqueViolation(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if ("code" in at && at.code === "23505") return true;
  return false;
}

/** @param what as in "There is already …": a channel. @throws HubError `name-taken` when the work would have made a second of one name. */
export async function withFreeName<T>(what: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new HubError("name-taken", `There is already ${what} called ${name}.`, { facts: { name } });
  }
}

/** The one row of a query, usually one that locks it. @throws HubError `not-found`. */
export async function rowOf<T>(rows: PromiseLike<T[]>, what: string): Promise<T> {
  const [row] = await rows;
  if (row === undefined) throw notFound(what);
  return row;
}

/** PostgreSQL's code for a row that others still refer to. */
export function isForeignKeyViolation(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if ("code" in at && at.code === "23503") return true;
  return false;
}

/** The name of the unique constraint or index that a write would have broken; null for every other error. */
export function violatedUnique(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ("code" in at && at.code === "23505" && "constraint_name" in at && typeof at.constraint_name === "string")
      return at.constraint_name;
  return null;
}

/** As libpq does, `?host=/folder` names a unix socket and `?user=` the role, since such a URL has no place for them. */
function openUrl(text: string, shared: Parameters<typeof postgres>[1]) {
  const url = new URL(text);
  const socketDir = url.searchParams.get("host");
  const user = url.searchParams.get("user");
  url.searchParams.delete("host");
  url.searchParams.delete("user");
  return postgres(url.href, {
    ...shared,
    ...(socketDir === null ? {} : { host: socketDir }),
    ...(user === null ? {} : { user }),
  });
}

/** A list in pieces of at most so many. */
export function inPieces<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, n) => all.slice(n * most, (n + 1) * most));
}
