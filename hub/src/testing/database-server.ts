// One embedded PostgreSQL for a whole test run; each hub under test gets a database of its own in it, a copy of one that was migrated once.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../platform/database.ts";
import { embeddedUser, startEmbeddedPostgres } from "../platform/embedded-postgres.ts";

/** What the others are copies of; PostgreSQL copies a database only while nobody is connected to it. */
export const migratedDatabase = "migrated";

declare module "vitest" {
  interface ProvidedContext {
    databaseSocketDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-test-"));
  const server = await startEmbeddedPostgres(folder);
  await makeMigrated(server.socketDir);
  project.provide("databaseSocketDir", server.socketDir);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function makeMigrated(host: string): Promise<void> {
  const server = postgres({ host, user: embeddedUser, database: "postgres", max: 1, onnotice: () => {} });
  // It is thrown away with the run: nothing of it has to outlive this machine's power.
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"])
    await server.unsafe(`alter system set ${setting} = off`);
  await server.unsafe("select pg_reload_conf()");
  await server.unsafe(`create database ${migratedDatabase}`);
  await server.end();
  const url = `postgres:///${migratedDatabase}?host=${host}&user=${embeddedUser}`;
  const { close } = await openDatabase({ url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  await close();
}
