// Which databases the hub talks to, and by which protocol of an asset. Pure.
import { type SqlProtocol, sqlProtocols } from "../assets/input.ts";
import type { AssetRow } from "../assets/schema.ts";
import { HubError } from "../platform/errors.ts";

/** MariaDB speaks MySQL's protocol; where the two differ, the server says which it is. */
export type Dialect = "mysql" | "postgresql";

export const isSqlProtocol = (protocol: string): boolean => sqlProtocols.some((one) => one === protocol);

export type DatabaseService = { dialect: Dialect; protocol: SqlProtocol; port: number };

/** The first of its protocols that is a database the hub talks to, or the one that is named; null: none is. */
export function databaseServiceOf({ protocols }: Pick<AssetRow, "protocols">, named?: string): DatabaseService | null {
  for (const { name, port } of protocols) {
    const protocol = sqlProtocols.find((one) => one === name && (named === undefined || one === named));
    if (protocol !== undefined) return { dialect: protocol === "postgresql" ? "postgresql" : "mysql", protocol, port };
  }
  return null;
}

/** @throws HubError `no-protocol`. */
export function assertDatabaseService(asset: Pick<AssetRow, "name" | "protocols">, named?: string): DatabaseService {
  const service = databaseServiceOf(asset, named);
  if (service !== null) return service;
  throw new HubError("no-protocol", `${asset.name} offers no MySQL, MariaDB or PostgreSQL. Add the protocol to the asset.`, {
    facts: { asset: asset.name },
  });
}

/** Databases and schemas of the servers themselves. Never shown, never granted. */
const systemNames: Record<Dialect, ReadonlySet<string>> = {
  mysql: new Set(["mysql", "information_schema", "performance_schema", "sys"]),
  postgresql: new Set(["information_schema", "template0", "template1"]),
};

/** MySQL may compare names of databases without case (lower_case_table_names), so `MySQL` is one of them too. PostgreSQL keeps `pg_` for itself. */
export const isSystemName = (dialect: Dialect, name: string): boolean =>
  systemNames[dialect].has(name.toLowerCase()) || (dialect === "postgresql" && /^pg_/i.test(name));
