// What a server answers when it does not do what it is asked, as an error that a person understands. Pure.
import { HubError } from "../platform/errors.ts";
import { shortText } from "../platform/text.ts";

/** Of a server's own words so many are shown: they are the server's, and may be anything. */
const wordsMax = 300;

/** MySQL's and MariaDB's error numbers (mysqld_ername.h), PostgreSQL's SQLSTATEs (appendix A of its manual). */
const codes: Record<string, "sign-in-failed" | "no-such-database" | "database-read-only" | "database-not-permitted"> = {
  1045: "sign-in-failed", // ER_ACCESS_DENIED_ERROR
  1698: "sign-in-failed", // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  1862: "sign-in-failed", // ER_MUST_CHANGE_PASSWORD_LOGIN
  1820: "sign-in-failed", // ER_MUST_CHANGE_PASSWORD
  3118: "sign-in-failed", // ER_ACCOUNT_HAS_BEEN_LOCKED
  4151: "sign-in-failed", // MariaDB: ER_ACCOUNT_HAS_BEEN_LOCKED
  1130: "sign-in-failed", // ER_HOST_NOT_PRIVILEGED
  1049: "no-such-database", // ER_BAD_DB_ERROR
  1290: "database-read-only", // ER_OPTION_PREVENTS_STATEMENT: --read-only, --super-read-only
  1836: "database-read-only", // ER_READ_ONLY_MODE
  1792: "database-read-only", // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1044: "database-not-permitted", // ER_DBACCESS_DENIED_ERROR
  1142: "database-not-permitted", // ER_TABLEACCESS_DENIED_ERROR
  1143: "database-not-permitted", // ER_COLUMNACCESS_DENIED_ERROR
  1227: "database-not-permitted", // ER_SPECIFIC_ACCESS_DENIED_ERROR
  1410: "database-not-permitted", // ER_CANT_CREATE_USER_WITH_GRANT
  "28000": "sign-in-failed",
  "28P01": "sign-in-failed",
  "3D000": "no-such-database",
  "25006": "database-read-only",
  "42501": "database-not-permitted",
};

const sentences = {
  "sign-in-failed": (asset: string, account: string) =>
    `${asset} does not let ${account} in. Its password was changed, it is locked, or it may not sign in from where the agent is.`,
  "no-such-database": (asset: string) => `${asset} has no such database.`,
  "database-read-only": (asset: string) => `${asset} takes no changes now: it is read-only, a replica for instance.`,
  "database-not-permitted": (asset: string, account: string) => `${asset} does not permit ${account} to do this.`,
};

export const readOnly = (asset: string): HubError =>
  new HubError("database-read-only", sentences["database-read-only"](asset), { facts: { asset } });

type Names = { asset: string; account: string };

/** What the drivers say of a failure: the server's code where it is the server's. */
type DriverError = Error & { code?: unknown; errno?: unknown };

/** Codes of the drivers for a server that is none, or that went away. */
const gone: ReadonlySet<string> = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
]);

/**
 * The driver's error is not kept as the cause: it carries the statement, and that may carry a secret.
 *
 * `not-reached`, `sign-in-failed`, `no-such-database`, `database-read-only`, `database-not-permitted`; `database-failed` with the server's words for
 * anything else it refuses; `database-protocol` when it does not speak what was expected. Other errors as they are.
 */
export function failureOf(error: unknown, { asset, account }: Names, { signedIn }: { signedIn: boolean }): unknown {
  if (error instanceof HubError || !(error instanceof Error)) return error;
  const { code, errno } = error as DriverError;
  const number = typeof errno === "number" && errno > 0 ? String(errno) : "";
  const state = typeof code === "string" ? code : "";
  const named = codes[number] ?? codes[state];
  // MariaDB refuses a role, too, with the words that it has for a wrong password.
  const known = signedIn && named === "sign-in-failed" ? "database-not-permitted" : named;
  const words = shortText(error.message, wordsMax);
  if (known !== undefined) return new HubError(known, sentences[known](asset, account), { facts: { asset, account, words } });
  if (gone.has(state))
    return new HubError("not-reached", `${asset} ended the connection.`, { facts: { asset, reason: "closed" } });
  const isServers = number !== "" || /^[0-9A-Z]{5}$/.test(state);
  if (isServers) return new HubError("database-failed", `${asset} refused: ${words}`, { facts: { asset, words } });
  return new HubError("database-protocol", `${asset} does not answer as a database of this kind does: ${words}`, {
    facts: { asset, words },
  });
}
