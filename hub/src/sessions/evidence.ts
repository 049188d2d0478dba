// What can be said of a recording's integrity. Reading and hashing 100 MB takes a second, so an answer is kept while the file stays as it is.
import { stat } from "node:fs/promises";
import type { LogStore } from "../logs/log-store.ts";
import type { Integrity } from "../logs/verify-log.ts";

const keptMax = 1_000;
const kept = new Map<string, { size: number; changedMs: number; head: string | null; integrity: Integrity }>();

/** @param expectedHead the head noted when the session ended, hex; null while it is live. */
export async function integrityOf(store: LogStore, id: string, expectedHead: string | null): Promise<Integrity> {
  const file = await store.localFile(id);
  const { size, mtimeMs } = await stat(file);
  const known = kept.get(file);
  if (known?.size === size && known.changedMs === mtimeMs && known.head === expectedHead) return known.integrity;
  const { state: integrity } = await store.verify(id, expectedHead);
  kept.delete(file);
  kept.set(file, { size, changedMs: mtimeMs, head: expectedHead, integrity });
  for (const oldest of kept.keys()) {
    if (kept.size <= keptMax) break;
    kept.delete(oldest);
  }
  return integrity;
}
