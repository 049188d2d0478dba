// Where logs lie in a data folder. The only place that makes paths of ids.
import path from "node:path";
import { isId } from "@sallyport/protocol/ids";
import { HubError } from "../platform/errors.ts";

export const logsFolder = (dataDir: string): string => path.join(dataDir, "logs");

/** Ids are checked here again: no text from outside becomes a path. Their first characters are the time, so folders fill one after another. */
export function logFileOf(dataDir: string, id: string): string {
  if (!isId("ses", id) && !isId("exe", id)) throw new HubError("internal", "Not the id of a log.");
  return path.join(logsFolder(dataDir), id.slice(0, 8), `${id}.log`);
}
