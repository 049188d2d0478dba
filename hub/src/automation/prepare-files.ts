// The files of a run, with what each is now: its content never changes, so hosts that come late get the same.
import { readyFiles } from "../files/files.ts";
import type { Actor } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { FileToPlace, RunFile } from "./input.ts";

/** @throws HubError `not-found`, `conflict` for one that is still coming, `bad-input` for two at one path. */
export async function prepareFiles(db: Queryable, actor: Actor, files: FileToPlace[]): Promise<RunFile[]> {
  const paths = files.map(({ path }) => path);
  const doubled = paths.find((path, n) => paths.indexOf(path) < n);
  if (doubled !== undefined)
    throw new HubError("bad-input", `The request is not right: two files are to be placed at ${doubled}.`, {
      facts: { fields: `files ${doubled} is there twice` },
    });
  const ready = await readyFiles(
    db,
    actor,
    files.map(({ fileId }) => fileId),
  );
  return files.flatMap((file) => {
    const kept = ready.get(file.fileId);
    return kept === undefined ? [] : [{ ...file, name: kept.name, sizeBytes: kept.sizeBytes, sha256: kept.sha256 }];
  });
}
