// In which lines two outputs differ. Computed when somebody looks: an output is read, and only its beginning.
import { diffArrays } from "diff";
import type { Actor } from "../identity/actor.ts";
import type { Channel } from "../logs/log-file.ts";
import type { AutomationDeps } from "./deps.ts";
import type { DifferenceOf } from "./input.ts";
import { comparedBytes } from "./output-summary.ts";
import { valueFolder } from "./output-values.ts";
import { openLogOf } from "./read-output.ts";
import { visibleExecution } from "./runs.ts";

/** Of each channel, and no more than `comparedBytes`. */
const comparedLines = 2_000;
/** The search costs the square of this; outputs with more changes than it are not read line by line by anybody. */
const changesMax = 400;
/** Enough to see what it is about; the page lays both texts beside each other for the rest. */
const shownLines = 20;
const shownCharacters = 300;

const channels = [
  ["output", "stdout"],
  ["stderr", "stderr"],
] as const;

export type OutputDifference = {
  lines: { stream: "stdout" | "stderr"; change: "added" | "removed"; text: string }[];
  /** Changed lines that are not shown. */
  more: number;
  /** One of the outputs is longer than what was compared. */
  cut: boolean;
  /** They have too little in common to be compared line by line. */
  unlike: boolean;
};

/** How the output of `id` differs from that of `from`. @throws HubError `not-found`, also for an output that retention has removed. */
export async function outputDifference(
  deps: AutomationDeps,
  actor: Actor,
  { id, from, ignoreNumbers }: DifferenceOf,
): Promise<OutputDifference> {
  const [before, after] = [await readBeginning(deps, actor, from), await readBeginning(deps, actor, id)];
  const found: OutputDifference = { lines: [], more: 0, cut: before.cut || after.cut, unlike: false };
  for (const [channel, stream] of channels) {
    const [old, now] = [before[channel], after[channel]];
    const plain = (lines: string[]) => lines;
    const parts = diffArrays((ignoreNumbers ? before.folded : plain)(old), (ignoreNumbers ? after.folded : plain)(now), {
      maxEditLength: changesMax,
    });
    if (parts === undefined) {
      found.unlike = true;
      continue;
    }
    let [oldAt, nowAt] = [0, 0];
    for (const { added, removed, value } of parts) {
      const changed = added ? now.slice(nowAt, nowAt + value.length) : removed ? old.slice(oldAt, oldAt + value.length) : [];
      const shown = changed.slice(0, shownLines - found.lines.length).map(readable);
      found.lines.push(...shown.map((text) => ({ stream, change: added ? ("added" as const) : ("removed" as const), text })));
      found.more += changed.length - shown.length;
      if (!added) oldAt += value.length;
      if (!removed) nowAt += value.length;
    }
  }
  return found;
}

type Beginning = Record<Channel, string[]> & { cut: boolean; folded(lines: string[]): string[] };

/** Lines as Latin-1: what is compared are bytes. */
async function readBeginning(deps: AutomationDeps, actor: Actor, id: string): Promise<Beginning> {
  const execution = await visibleExecution(deps.db, actor, id);
  const fold = valueFolder(await deps.hostNamesOf(execution.assetId));
  const folded = (lines: string[]) => lines.map(fold);
  const log = await openLogOf(deps, execution);
  const beginning: Beginning = { output: [], stderr: [], cut: false, folded };
  if (log === null) return beginning;
  try {
    for (const [channel] of channels) {
      const pieces: Uint8Array[] = [];
      for await (const piece of log.bytes(channel, 0, comparedBytes)) pieces.push(piece);
      const lines = Buffer.concat(pieces).toString("latin1").split("\n");
      if (lines.at(-1) === "") lines.pop();
      beginning[channel] = lines.slice(0, comparedLines);
      beginning.cut ||= log.bytesOf(channel) > comparedBytes || lines.length > comparedLines;
    }
  } finally {
    await log.close();
  }
  return beginning;
}

const readable = (line: string): string => Buffer.from(line, "latin1").toString().slice(0, shownCharacters).toWellFormed();
