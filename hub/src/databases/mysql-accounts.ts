// Accounts on MySQL and MariaDB. An account is 'name'@'%': agents sign in from wherever they are.
import { HubError } from "../platform/errors.ts";
import { type AccountServer, takeAll } from "./account-server.ts";
import { readOnly } from "./failures.ts";
import { grantedDatabaseOf, quoteGrantedDatabase, quoteName, quoteOwnText } from "./identifiers.ts";
import type { Place, Privilege } from "./input.ts";
import type { Held } from "./places.ts";
import type { DatabaseSession } from "./session.ts";

/** SHOW VIEW lets a view say how it is made, which clients ask for; it shows no row that SELECT does not. */
const names: Record<Privilege, readonly string[]> = {
  select: ["SELECT", "SHOW VIEW"],
  insert: ["INSERT"],
  update: ["UPDATE"],
  delete: ["DELETE"],
  execute: ["EXECUTE"],
};

const accountOf = (name: string): string => `${quoteOwnText(name)}@'%'`;

export async function mysqlAccounts(session: DatabaseSession, asset: string): Promise<AccountServer> {
  const { query } = session;
  // Quoted as here, whatever the server's habit is; and a GRANT for an account that is gone makes none.
  const knowsAutoCreate = session.isMariaDb || session.version.startsWith("5.");
  await query(`set session sql_mode = '${knowsAutoCreate ? "NO_AUTO_CREATE_USER" : ""}'`);
  const one = async (statement: string): Promise<string> => (await query(statement)).rows[0]?.[1] ?? "";
  const foldsNames = (await one("show variables like 'lower_case_table_names'")) !== "0";
  // MySQL 8 with this on takes `_` and `%` in a GRANT as they are.
  const literal = (await one("show variables like 'partial_revokes'")).toUpperCase() === "ON";
  const database = (name: string) => (literal ? quoteName("mysql", name) : quoteGrantedDatabase(name));

  const endConnections = async (name: string): Promise<void> => {
    const { rows } = await query("select id from information_schema.processlist where user = ?", [name]);
    for (const [id] of rows)
      if (/^\d+$/.test(id ?? ""))
        // It may have ended by itself.
        await query(`kill connection ${id}`).catch(() => {});
  };

  const findName = async (wanted: string, statement: string, values: string[]): Promise<string | null> => {
    const found = (await query(statement, values)).rows.flatMap(([name]) => (name === null || name === undefined ? [] : [name]));
    return found.find((name) => name === wanted) ?? (foldsNames ? (found[0] ?? null) : null);
  };

  const assertTakesChanges = async (): Promise<void> => {
    const { rows } = await query("select @@global.read_only");
    // A switch once, a choice of several words in newer MariaDBs.
    if (!["0", "OFF"].includes(rows[0]?.[0] ?? "")) throw readOnly(asset);
  };

  return {
    assertTakesChanges,

    exists: async (name) => (await query("select 1 from mysql.user where user = ? and host = '%'", [name])).rows.length > 0,

    create: async (name, password) => {
      await assertTakesChanges();
      await query(`create user ${accountOf(name)} identified by ${quoteOwnText(password)}`);
    },

    restore: async (name, password) => {
      await assertTakesChanges();
      await query(`alter user ${accountOf(name)} identified by ${quoteOwnText(password)}`);
      await query(`alter user ${accountOf(name)} account unlock`);
    },

    async resolve(places) {
      const wanted: Held[] = [];
      const missing: Place[] = [];
      for (const place of places) {
        const there = await findName(
          place.database,
          "select schema_name from information_schema.schemata where schema_name = ?",
          [place.database],
        );
        const table =
          there === null || place.table === null
            ? null
            : await findName(
                place.table,
                "select table_name from information_schema.tables where table_schema = ? and table_name = ?",
                [there, place.table],
              );
        if (there === null || (place.table !== null && table === null)) {
          missing.push(place);
          continue;
        }
        for (const privilege of place.privileges.flatMap((each) => names[each]))
          wanted.push(
            table === null
              ? { kind: "database", database: there, privilege }
              : { kind: "table", database: there, schema: null, table, privilege },
          );
      }
      return { wanted, missing };
    },

    actual: async (name) => {
      const { rows } = await query(`show grants for ${accountOf(name)}`);
      return rows.flatMap(([line]) => readGrant(line ?? "", accountOf(name), literal));
    },

    apply: async (name, { give, take }) => {
      const refused = await takeAll(take, (held) => query(held.kind === "foreign" ? held.revoke : statementFor("revoke", held)));
      // What a connection may do in the database that it is in, it keeps until it changes to it again.
      if (take.length > 0) await endConnections(name);
      if (give.length > 0) await assertTakesChanges();
      for (const held of give) if (held.kind !== "foreign") await query(statementFor("grant", held));
      return refused;

      function statementFor(verb: "grant" | "revoke", held: Exclude<Held, { kind: "foreign" }>): string {
        const place =
          held.kind === "table"
            ? `${quoteName("mysql", held.database)}.${quoteName("mysql", held.table)}`
            : `${database(held.database)}.*`;
        return `${verb} ${held.privilege} on ${place} ${verb === "grant" ? "to" : "from"} ${accountOf(name)}`;
      }
    },

    // MySQL counts the days of a password, not the minutes.
    limit: async () => {},

    drop: async (name) => {
      const { rows } = await query("select 1 from mysql.user where user = ? and host = '%'", [name]);
      if (rows.length > 0) {
        await query(`alter user ${accountOf(name)} account lock`);
        await endConnections(name);
        await query(`drop user ${accountOf(name)}`);
      }
      // Who came in between the lock and now is out with this.
      await endConnections(name);
    },

    entrance: () => null,
    close: () => session.close(),
  };
}

const quoted = "`((?:[^`]|``)+)`";
const grantLine = new RegExp(`^GRANT (.+) ON (?:(?:${quoted}|\\*)\\.(?:${quoted}|\\*)) TO .*?( WITH GRANT OPTION)?$`, "s");
const otherLine = /^GRANT (.+) ON (PROCEDURE|FUNCTION|PACKAGE|PACKAGE BODY) (.+) TO /s;
const proxyLine = /^GRANT PROXY ON (.+) TO /s;
const roleLine = /^GRANT (.+) TO /s;
const plainPrivilege = /^[A-Z ]+$/;

/**
 * A line of SHOW GRANTS as what it gives. What no request gives comes with the statement that takes it away again.
 *
 * @param line the server's; its words go nowhere but back to the same server.
 */
export function readGrant(line: string, account: string, literal: boolean): Held[] {
  const unquote = (text: string): string => text.replaceAll("``", "`");
  const shown = line.replace(/ IDENTIFIED .*$/s, "").slice(0, 200);
  const foreign = (database: string | null, revoke: string, more = ""): Held[] => [
    { kind: "foreign", database, shown: `${shown}${more}`, revoke },
  ];
  const proxy = proxyLine.exec(line);
  if (proxy?.[1] !== undefined) return foreign(null, `revoke proxy on ${proxy[1]} from ${account}`);
  const other = otherLine.exec(line);
  if (other !== null) return foreign(null, `revoke ${other[1]} on ${other[2]} ${other[3]} from ${account}`);
  const match = grantLine.exec(line);
  if (match === null) {
    if (/^SET DEFAULT ROLE /.test(line)) return [];
    const role = roleLine.exec(line)?.[1];
    if (role === undefined)
      throw new HubError("database-protocol", "The server says what an account may do in words that are not understood.");
    return foreign(null, `revoke ${role} from ${account}`);
  }
  const [, given = "", first, second, option] = match;
  const list = given.split(/, (?![^(]*\))/).filter((privilege) => privilege !== "USAGE");
  const place = `${first === undefined ? "*" : `\`${first}\``}.${second === undefined ? "*" : `\`${second}\``}`;
  const name = first === undefined ? null : second === undefined && !literal ? grantedDatabaseOf(unquote(first)) : unquote(first);
  const passesOn =
    option === undefined ? [] : foreign(name, `revoke grant option on ${place} from ${account}`, " (grant option)");
  if (first === undefined)
    return list.length === 0 ? passesOn : [...passesOn, ...foreign(null, `revoke ${list.join(", ")} on *.* from ${account}`)];
  const held = list.flatMap((privilege): Held[] => {
    if (name === null || !plainPrivilege.test(privilege) || privilege === "ALL PRIVILEGES")
      return foreign(name, `revoke ${privilege} on ${place} from ${account}`);
    return [
      second === undefined
        ? { kind: "database", database: name, privilege }
        : { kind: "table", database: name, schema: null, table: unquote(second), privilege },
    ];
  });
  return [...passesOn, ...held];
}
