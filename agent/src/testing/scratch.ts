// A folder for one test, gone after it.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

export function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-agent-test-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
