// The files of a run, with what each is now: its content never changes, so hosts that come late get the same.
import { filesPerRunMax } from "@sallyport/protocol/limits";
import { readyFiles } from "../files/files.ts";
import type { Actor } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { FileToPlace, RunFile } from "./input.ts";

/** Nobody but the script reads it. */
const ofParameter = { path: "", mode: "600", owner: "", group: "", existing: "replace" } as const;

/**
 * @param parameters by the script's variable, the kept file that is its value.
 * @throws HubError `not-found`, `conflict` for one that is still coming, `bad-input` for two at one path, or too many.
 */
export async function prepareFiles(
  db: Queryable,
  actor: Actor,
  placed: FileToPlace[],
  parameters: Record<string, string> = {},
): Promise<RunFile[]> {
  const paths = placed.map(({ path }) => path);
  const doubled = paths.find((path, n) => paths.indexOf(path) < n);
  if (doubled !== undefined) throw wrong(`two files are to be placed at ${doubled}`, `files ${doubled} is there twice`);
  const files = [...placed, ...Object.entries(parameters).map(([variable, fileId]) => ({ ...ofParameter, fileId, variable }))];
  if (files.length > filesPerRunMax)
    throw wrong(`more than ${filesPerRunMax} files, those of parameters among them`, `files at most ${filesPerRunMax}`);
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

/** A run's files as they were asked for: those that have a place, and those that are values of its script's parameters. */
export const askedFiles = (files: readonly RunFile[]): { placed: FileToPlace[]; parameters: Record<string, string> } => ({
  placed: files.flatMap(({ name: _name, sizeBytes: _size, sha256: _hash, variable, ...file }) =>
    variable === undefined ? [file] : [],
  ),
  parameters: Object.fromEntries(
    files.flatMap(({ variable, fileId }) => (variable === undefined ? [] : [[variable, fileId] as const])),
  ),
});

const wrong = (what: string, fields: string): HubError =>
  new HubError("bad-input", `The request is not right: ${what}.`, { facts: { fields } });
