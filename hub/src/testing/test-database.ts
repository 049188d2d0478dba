// A database of one test's own, migrated and otherwise empty, on the server that the whole run shares.
import { newId } from "@sallyport/protocol/ids";
import postgres, { type Sql } from "postgres";
import { inject } from "vitest";
import { embeddedUser } from "../platform/embedded-postgres.ts";
import { migratedDatabase } from "./database-server.ts";

export type TestDatabase = { url: string; sql: Sql };

export async function createTestDatabase(): Promise<TestDatabase> {
  const host = inject("databaseSocketDir");
  const name = newId("test").replaceAll("-", "_");
  const options = { host, user: embeddedUser, onnotice: () => {} };
  const server = postgres({ ...options, database: "postgres", max: 1 });
  await server.unsafe(`create database ${name} template ${migratedDatabase}`);
  // No test cuts the power: what a commit writes need not reach the disk before the next one.
  await server.unsafe(`alter database ${name} set synchronous_commit = off`);
  await server.end();
  return {
    url: `postgres:///${name}?host=${host}&user=${embeddedUser}`,
    sql: postgres({ ...options, database: name, max: 2 }),
  };
}
