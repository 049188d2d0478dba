// Logs that have not grown since a moment: what retention looks at. The files are asked, not the rows, so that nothing is forgotten.
import { opendir, stat } from "node:fs/promises";
import path from "node:path";
import { isId } from "@sallyport/protocol/ids";
import { logsFolder } from "./log-places.ts";

/** Ids of logs of one kind whose files were last written before then, in no order. */
export async function* logsUntouchedSince(dataDir: string, kind: "ses" | "exe", beforeMs: number): AsyncGenerator<string> {
  const root = logsFolder(dataDir);
  for await (const folder of await opendir(root)) {
    if (!folder.isDirectory()) continue;
    for await (const entry of await opendir(path.join(root, folder.name))) {
      const id = entry.name.endsWith(".log") ? entry.name.slice(0, -4) : "";
      if (!isId(kind, id)) continue;
      const found = await stat(path.join(root, folder.name, entry.name)).catch(() => null);
      if (found !== null && found.mtimeMs < beforeMs) yield id;
    }
  }
}
