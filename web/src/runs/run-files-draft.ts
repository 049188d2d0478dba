// Files of a run while they are being chosen, and what of it is sent.
import type { FileToPlace, fileToPlace } from "@sallyport/hub/automation/input";
import type { z } from "zod";

export interface FileDraft {
  /** Keeps the fields' identity while files above come and go. */
  key: number;
  fileId: string | null;
  path: string;
  mode: string;
  owner: string;
  group: string;
  existing: "replace" | "keep";
}

let lastKey = 0;

export function newFile(file: Partial<FileDraft> = {}): FileDraft {
  lastKey += 1;
  return { fileId: null, path: "", mode: "644", owner: "", group: "", existing: "replace", ...file, key: lastKey };
}

export const filesDraftOf = (files: readonly FileToPlace[]): FileDraft[] =>
  files.map(({ fileId, path, mode, owner, group, existing }) => newFile({ fileId, path, mode, owner, group, existing }));

export const filesOf = (drafts: readonly FileDraft[]): z.input<typeof fileToPlace>[] =>
  drafts.map(({ key: _key, fileId, ...file }) => ({ ...file, path: file.path.trim(), fileId: fileId ?? "" }));
