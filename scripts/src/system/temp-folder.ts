// A folder for one test, gone with it.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

export type TempFolder = Disposable & { path: string };

export function tempFolder(name: string): TempFolder {
  const folder = mkdtempSync(path.join(os.tmpdir(), `sallyport-${name}-`));
  return {
    path: folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
