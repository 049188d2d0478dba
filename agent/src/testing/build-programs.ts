// Builds the programs that tests start as processes, away from dist/, which a running hub may be serving.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder with agent.cjs, ssh2.cjs, runner.cjs and pty.node. */
    programs: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-agent-"));
  execFileSync(process.execPath, [path.join(import.meta.dirname, "../../build.mjs"), "--bundle", folder], { stdio: "inherit" });
  project.provide("programs", folder);
  return () => fs.rmSync(folder, { recursive: true, force: true });
}
