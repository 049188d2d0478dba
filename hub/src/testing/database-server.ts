// One embedded PostgreSQL for a whole test run; each hub under test gets a database of its own in it.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../platform/embedded-postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseSocketDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-test-"));
  const server = await startEmbeddedPostgres(folder);
  project.provide("databaseSocketDir", server.socketDir);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
