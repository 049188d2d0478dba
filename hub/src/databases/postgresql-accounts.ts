// Accounts on PostgreSQL: roles that may sign in. What they may do is said in each database by itself, so that each is asked.
//
// A whole schema is all of its tables, or routines, one by one, at each look: PostgreSQL gives future ones only for what one named role makes. One that is
// made later is the account's with the next look. Routines that everybody may run are given by name all the same, so that it stays when that is taken away.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { z } from "zod";
import { HubError } from "../platform/errors.ts";
import { type AccountServer, heldMax, takeAll } from "./account-server.ts";
import { readOnly } from "./failures.ts";
import { quoteName, quoteOwnText } from "./identifiers.ts";
import type { Place } from "./input.ts";
import type { Held } from "./places.ts";
import type { DatabaseSession } from "./session.ts";

/** The database that every server has: what is shared is asked there. */
const home = "postgres";
/** Its clock and ours may differ, and a connection takes a moment. */
const limitSlackMs = 60_000;

const q = (name: string): string => quoteName("postgresql", name);

/** @param open signs the hub's own account in to one of its databases. */
export async function postgresqlAccounts(
  open: (database: string) => Promise<DatabaseSession>,
  asset: string,
): Promise<AccountServer> {
  const sessions = new Map<string, DatabaseSession>();
  const into = async (database: string): Promise<DatabaseSession> => {
    const known = sessions.get(database);
    if (known !== undefined) return known;
    const session = await open(database);
    sessions.set(database, session);
    // So that the server writes every name with its schema, and nothing that somebody put into `public` stands for what is meant here.
    await session.query("set search_path = ''");
    return session;
  };
  const { query } = await into(home);

  const find = async (name: string) =>
    (await query("select oid, rolname from pg_roles where rolname = $1", [name])).rows[0]?.[0] ?? null;
  /** Databases that hold anything of the role: privileges or things of its own. */
  const databasesOf = async (oid: string): Promise<string[]> => {
    const { rows } = await query(
      `select distinct d.datname from pg_shdepend s join pg_database d on d.oid = s.dbid
       where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid and d.datallowconn`,
      [oid],
    );
    return rows.flatMap(([name]) => (typeof name === "string" ? [name] : []));
  };
  const endConnections = async (name: string) => {
    await query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [name]);
  };

  return {
    // Of what is not asked here the server says the same by itself.
    assertTakesChanges: async () => {
      if ((await query("show transaction_read_only")).rows[0]?.[0] === "on") throw readOnly(asset);
    },

    exists: async (name) => (await find(name)) !== null,

    create: async (name, password) => {
      await query(`create role ${q(name)} login password ${quoteOwnText(scramVerifier(password))}`);
    },

    restore: async (name, password) => {
      await query(`alter role ${q(name)} login password ${quoteOwnText(scramVerifier(password))}`);
    },

    async resolve(places) {
      const wanted = new Map<string, Held>();
      const add = (held: Held) => wanted.set(JSON.stringify(held), held);
      const missing: Place[] = [];
      const there = new Set(
        (await query("select datname from pg_database where datallowconn and not datistemplate")).rows.map(([name]) => name),
      );
      for (const place of places) {
        const { database, schema, table } = place;
        if (!there.has(database) || schema === null) {
          missing.push(place);
          continue;
        }
        const session = await into(database);
        const ofTables = place.privileges.filter((privilege) => privilege !== "execute");
        const { rows: schemas } = await session.query("select 1 from pg_namespace where nspname = $1", [schema]);
        const { rows: tables, more } =
          ofTables.length === 0
            ? { rows: [], more: false }
            : await session.query(
                `select c.relname, c.relkind,
             (select json_agg(s.relname) from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
              where d.refobjid = c.oid and d.deptype = 'a' and s.relnamespace = c.relnamespace) as sequences
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') ${table === null ? "" : "and c.relname = $2"}`,
                table === null ? [schema] : [schema, table],
                { rowsMax: heldMax },
              );
        if (more)
          throw new HubError("too-large", `${database}.${schema} has more than ${heldMax} tables. Ask for some of them by name.`);
        if (schemas.length === 0 || (table !== null && tables.length === 0)) {
          missing.push(place);
          continue;
        }
        add({ kind: "database", database, privilege: "CONNECT" });
        add({ kind: "schema", database, schema, privilege: "USAGE" });
        if (place.privileges.includes("execute"))
          for (const routine of await routinesOf(session, database, schema))
            add({ kind: "routine", database, routine, privilege: "EXECUTE" });
        for (const [name, , sequences] of tables) {
          if (typeof name !== "string") continue;
          for (const privilege of ofTables)
            add({ kind: "table", database, schema, table: name, privilege: privilege.toUpperCase() });
          // A row that is inserted takes its number from them.
          if (place.privileges.includes("insert"))
            for (const sequence of namesIn(sequences ?? "[]"))
              add({ kind: "table", database, schema, table: sequence, privilege: "USAGE" });
        }
      }
      return { wanted: [...wanted.values()], missing };
    },

    async actual(name, wanted) {
      const oid = await find(name);
      if (oid === null) return [];
      const found: Held[] = [];
      const foreign = (database: string | null, shown: string, revoke: string) =>
        found.push({ kind: "foreign", database, shown: shown.slice(0, 200), revoke });
      const { rows: flags } = await query(
        `select a.flag from pg_roles r, lateral (values ('superuser', rolsuper), ('createrole', rolcreaterole), ('createdb', rolcreatedb),
           ('replication', rolreplication), ('bypassrls', rolbypassrls)) a (flag, is_on) where r.oid = $1::oid and a.is_on`,
        [oid],
      );
      for (const [flag] of flags) foreign(null, `role attribute ${flag}`, `alter role ${q(name)} no${flag}`);
      const { rows: roles } = await query(
        "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid where m.member = $1::oid",
        [oid],
      );
      for (const [role] of roles) foreign(null, `member of ${role}`, `revoke ${q(role ?? "")} from ${q(name)}`);
      const { rows: databases } = await query(
        "select d.datname, a.privilege_type, a.is_grantable from pg_database d, lateral aclexplode(d.datacl) a where a.grantee = $1::oid",
        [oid],
      );
      for (const [database, privilege, option] of databases) {
        if (database === null || database === undefined) continue;
        if (option === "t" || privilege !== "CONNECT")
          foreign(database, `${privilege} on ${database}`, `revoke ${privilege} on database ${q(database)} from ${q(name)}`);
        if (privilege === "CONNECT" && option !== "t") found.push({ kind: "database", database, privilege });
      }
      const where = new Set([
        ...(await databasesOf(oid)),
        ...wanted.flatMap(({ database }) => (database === null ? [] : [database])),
      ]);
      for (const database of where) found.push(...(await heldIn(await into(database), database, { name, oid })));
      if (found.length > heldMax * 4)
        throw new HubError("too-large", "The account has more privileges on the server than are compared.");
      return found;
    },

    async apply(name, { give, take }) {
      const refused = await takeAll(take, async (held) =>
        (await into(held.database ?? home)).query(held.kind === "foreign" ? held.revoke : statementFor("revoke", held, name)),
      );
      for (const held of give)
        if (held.kind !== "foreign") await (await into(held.database)).query(statementFor("grant", held, name));
      return refused;
    },

    async limit(name, until, now) {
      const { rows } = await query(
        "select extract(epoch from now()), extract(epoch from rolvaliduntil) from pg_roles where rolname = $1",
        [name],
      );
      const [serverNow, present] = rows[0] ?? [];
      const aheadMs = Number(serverNow) * 1_000 - now.getTime();
      const wanted = until === null ? null : until.getTime() + aheadMs + limitSlackMs;
      const presentMs = present === null || present === undefined || present === "Infinity" ? null : Number(present) * 1_000;
      const near = wanted === null || presentMs === null ? wanted === presentMs : Math.abs(wanted - presentMs) < limitSlackMs / 2;
      if (!near)
        await query(
          `alter role ${q(name)} valid until ${quoteOwnText(wanted === null ? "infinity" : new Date(wanted).toISOString())}`,
        );
    },

    async drop(name) {
      const oid = await find(name);
      if (oid === null) return;
      await query(`alter role ${q(name)} nologin`);
      await endConnections(name);
      // Only a member may give away what is a role's, unless he may do everything.
      await query(`grant ${q(name)} to current_user`).catch(() => {});
      for (const database of new Set([...(await databasesOf(oid)), home])) {
        const session = await into(database);
        await session.query(`reassign owned by ${q(name)} to current_user`);
        await session.query(`drop owned by ${q(name)}`);
      }
      await query(`drop role ${q(name)}`);
    },

    entrance: (wanted) => wanted.find(({ kind }) => kind === "database")?.database ?? home,
    close: async () => {
      for (const session of sessions.values()) await session.close();
    },
  };
}

function statementFor(verb: "grant" | "revoke", held: Exclude<Held, { kind: "foreign" }>, name: string): string {
  const place =
    held.kind === "database"
      ? `database ${q(held.database)}`
      : held.kind === "schema"
        ? `schema ${q(held.schema)}`
        : held.kind === "routine"
          ? `routine ${held.routine}`
          : `${held.privilege === "USAGE" ? "sequence" : "table"} ${q(held.schema ?? "")}.${q(held.table)}`;
  return `${verb} ${held.privilege} on ${place} ${verb === "grant" ? "to" : "from"} ${q(name)}`;
}

/** A list of names as the server writes JSON. */
const namesIn = (text: string): string[] => z.array(z.string()).parse(JSON.parse(text));

/** @throws HubError `too-large`. */
async function routinesOf({ query }: DatabaseSession, database: string, schema: string): Promise<string[]> {
  const { rows, more } = await query(
    "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1",
    [schema],
    { rowsMax: heldMax },
  );
  if (more) throw new HubError("too-large", `${database}.${schema} has more than ${heldMax} routines. Ask without them.`);
  return rows.flatMap(([routine]) => (typeof routine === "string" ? [routine] : []));
}

/** What the role has in one database. Statements that take away what no request gives are written by the server itself, with its own quoting. */
async function heldIn(
  { query }: DatabaseSession,
  database: string,
  { name, oid }: { name: string; oid: string },
): Promise<Held[]> {
  const found: Held[] = [];
  const rowsMax = heldMax * 4;
  const { rows: schemas } = await query(
    `select n.nspname, a.privilege_type, a.is_grantable from pg_namespace n, lateral aclexplode(n.nspacl) a where a.grantee = $1::oid`,
    [oid],
  );
  for (const [schema, privilege, option] of schemas) {
    if (typeof schema !== "string" || typeof privilege !== "string") continue;
    if (privilege === "USAGE" && option !== "t") found.push({ kind: "schema", database, schema, privilege });
    else
      found.push({
        kind: "foreign",
        database,
        shown: `${privilege} on schema ${database}.${schema}`,
        revoke: `revoke ${privilege} on schema ${q(schema)} from ${q(name)}`,
      });
  }
  const { rows: tables, more } = await query(
    `select n.nspname, c.relname, c.relkind, a.privilege_type, a.is_grantable
     from pg_class c join pg_namespace n on n.oid = c.relnamespace, lateral aclexplode(c.relacl) a where a.grantee = $1::oid`,
    [oid],
    { rowsMax },
  );
  if (more) throw new HubError("too-large", "The account has more privileges on the server than are compared.");
  for (const [schema, table, kind, privilege, option] of tables) {
    if (typeof schema !== "string" || typeof table !== "string" || typeof privilege !== "string") continue;
    if (option !== "t") found.push({ kind: "table", database, schema, table, privilege });
    else
      found.push({
        kind: "foreign",
        database,
        shown: `${privilege} on ${database}.${schema}.${table} with grant option`,
        revoke: `revoke ${privilege} on ${kind === "S" ? "sequence" : "table"} ${q(schema)}.${q(table)} from ${q(name)}`,
      });
  }
  const { rows: routines } = await query(
    `select p.oid::regprocedure::text from pg_proc p, lateral aclexplode(p.proacl) a where a.grantee = $1::oid and not a.is_grantable`,
    [oid],
    { rowsMax },
  );
  for (const [routine] of routines)
    if (typeof routine === "string") found.push({ kind: "routine", database, routine, privilege: "EXECUTE" });
  const { rows: others } = await query(
    `select 'columns of ' || c.oid::regclass::text,
       format('revoke %s (%I) on table %s from %I', a.privilege_type, t.attname, c.oid::regclass, $2::text)
     from pg_attribute t join pg_class c on c.oid = t.attrelid, lateral aclexplode(t.attacl) a where a.grantee = $1::oid
     union all
     select format('routine %s with grant option', p.oid::regprocedure), format('revoke all on routine %s from %I', p.oid::regprocedure, $2::text)
     from pg_proc p, lateral aclexplode(p.proacl) a where a.grantee = $1::oid and a.is_grantable`,
    [oid, name],
    { rowsMax },
  );
  for (const [shown, revoke] of others)
    if (typeof shown === "string" && typeof revoke === "string")
      found.push({ kind: "foreign", database, shown: shown.slice(0, 200), revoke });
  return found;
}

/** RFC 5803, as PostgreSQL keeps it: the server never hears the password itself, so neither does its log. */
export function scramVerifier(password: string): string {
  const rounds = 4_096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
