// What is on a database server, by name: read live, by the hub's privileged account, kept for seconds. Whoever asks has been authorised.
import type { AssetInZone } from "../assets/assets.ts";
import { HubError } from "../platform/errors.ts";
import { likeOf } from "../platform/paging.ts";
import { withDatabase } from "./connect.ts";
import type { DatabaseDeps } from "./deps.ts";
import { assertDatabaseService, type Dialect, isSystemName } from "./dialect.ts";
import { privilegedLogin } from "./privileged-login.ts";

/** Whoever does not find it types more. */
export const shownMax = 500;
/** A list that is being typed in is asked for with each letter. */
const keptMs = 5_000;
/** Lists kept, each of 500 names at most: the oldest go first. */
const listsMax = 100;

export type NameKind = "database" | "schema" | "table" | "view";
export type Catalogue = { dialect: Dialect; items: { name: string; kind: NameKind }[]; more: boolean };
export type Where = { database?: string | undefined; schema?: string | undefined; search: string };

export class Catalogues {
  readonly #deps: DatabaseDeps;
  readonly #kept = new Map<string, { at: number; list: Promise<Catalogue> }>();

  constructor(deps: DatabaseDeps) {
    this.#deps = deps;
  }

  /** @throws HubError `no-protocol`, `no-privileged-account`, `not-found` for a system's database, and as connect.ts says. */
  read(target: AssetInZone, where: Where): Promise<Catalogue> {
    const key = JSON.stringify([target.asset.id, where.database, where.schema, where.search]);
    const now = this.#deps.clock.now().getTime();
    const kept = this.#kept.get(key);
    if (kept !== undefined && Math.abs(now - kept.at) < keptMs) return kept.list;
    const list = readCatalogue(this.#deps, target, where);
    this.#kept.delete(key);
    this.#kept.set(key, { at: now, list });
    // A refusal is not kept: it says what to do, and that may be done.
    list.catch(() => this.#kept.delete(key));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= listsMax) break;
      this.#kept.delete(oldest);
    }
    return list;
  }
}

async function readCatalogue(deps: DatabaseDeps, target: AssetInZone, { database, schema, search }: Where): Promise<Catalogue> {
  const { dialect } = assertDatabaseService(target.asset);
  if ([database, schema].some((name) => name !== undefined && isSystemName(dialect, name)))
    throw new HubError("not-found", "That belongs to the server itself and cannot be asked for.", {
      facts: { what: "database" },
    });
  const login = await privilegedLogin(deps, target.asset);
  const pattern = likeOf(search);
  const into = dialect === "postgresql" ? (database ?? null) : null;
  return withDatabase(deps, { target, login, database: into, deadlineMs: 30_000 }, async ({ query }) => {
    const list = async (statement: string, values: string[]) => {
      const { rows, more } = await query(`${statement} order by 1 limit ${shownMax + 1}`, values, { rowsMax: shownMax });
      const items = rows.flatMap(([name, kind]) => (typeof name === "string" ? [{ name, kind: kindOf(kind ?? "") }] : []));
      return { dialect, items: items.filter(({ name, kind }) => !isServers(dialect, name, kind)), more };
    };
    if (dialect === "mysql")
      return database === undefined
        ? list(
            `select schema_name, 'database' from information_schema.schemata where schema_name like ?
             and schema_name not in ('mysql', 'information_schema', 'performance_schema', 'sys')`,
            [pattern],
          )
        : list("select table_name, table_type from information_schema.tables where table_schema = ? and table_name like ?", [
            database,
            pattern,
          ]);
    if (database === undefined)
      return list("select datname, 'database' from pg_database where datallowconn and not datistemplate and datname ilike $1", [
        pattern,
      ]);
    if (schema === undefined)
      return list(
        `select nspname, 'schema' from pg_namespace where nspname ilike $1 and nspname !~ '^pg_' and nspname <> 'information_schema'`,
        [pattern],
      );
    return list(
      `select c.relname, case when c.relkind in ('v', 'm') then 'view' else 'table' end from pg_class c
       join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname ilike $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
      [schema, pattern],
    );
  });
}

/** A table may be called as a system's database is. */
const isServers = (dialect: Dialect, name: string, kind: NameKind): boolean =>
  (kind === "database" || kind === "schema") && isSystemName(dialect, name);

/** MySQL says BASE TABLE, VIEW, SYSTEM VIEW, SEQUENCE. */
const kindOf = (text: string): NameKind =>
  text === "database" || text === "schema" ? text : /view/i.test(text) ? "view" : "table";
