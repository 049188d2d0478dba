// Logs that have not grown since a moment: what retention looks at. The files are asked, not the rows, so that nothing is forgotten.
import { stat } from "node:fs/promises";
import { isId } from "@sallyport/protocol/ids";
import { type LogKind, logEntries, storedNoteOf } from "./log-places.ts";

/** Ids of logs of one kind that were last written before then, in no order. */
export async function* logsUntouchedSince(dataDir: string, kind: LogKind, beforeMs: number): AsyncGenerator<string> {
  for await (const { id, file, has } of logEntries(dataDir)) {
    if (!isId(kind, id) || !(has.log || has.stored)) continue;
    // A stored log's own file is as old as its last reader.
    const found = await stat(has.stored ? storedNoteOf(file) : file).catch(() => null);
    if (found !== null && found.mtimeMs < beforeMs) yield id;
  }
}
