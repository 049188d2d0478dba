// The executions this agent has promised to know about, one folder each. A folder appears whole or not at all, and is on disk
// before the hub hears of it; which files it holds says how far the execution got.
import fs from "node:fs";
import path from "node:path";
import { targetHash } from "@sallyport/protocol/approvals";
import { scriptFilePrefix } from "@sallyport/protocol/script-files";
import { decodeOrder, encodeOrder, WireError, wire } from "@sallyport/protocol/wire";
import { type FileToPlace, readFiles } from "../files/file-to-place.ts";
import { readIfThere, syncDirectory, writeDurably } from "../state/files.ts";
import { isAlive, readMark } from "../state/process-mark.ts";
import type { Approved } from "./check-approval.ts";
import { type ExitRecord, parseExitRecord } from "./exit-record.ts";
import { type ExecutionKey, executionKeyOf, type NeighbourName, neighbourNameOf } from "./run-order.ts";
import { type Task, taskFiles } from "./task.ts";

/** Folders still being written; a crash leaves them behind. */
const draftPrefix = ".draft-";

export type JournalledState =
  | { state: "claimed" }
  | { state: "running"; runnerMark: string }
  | { state: "ended"; exit: ExitRecord }
  /** Begun, and neither a runner nor an end is found. */
  | { state: "lost"; hadRunner: boolean };

export type Journalled = ExecutionKey & {
  folder: string;
  stream: number;
  /** Where it runs; null: on this host. */
  neighbour: NeighbourName | null;
  /** It cannot begin without what the hub sends then. */
  secret: boolean;
  /** Placed before it begins. */
  files: FileToPlace[];
  /** False: the files are all there is. */
  hasScript: boolean;
  /** What it leaves behind goes to the hub, as a third channel of its output. */
  collects: boolean;
  /** Under which approval it runs; null: none was needed. */
  approved: Approved | null;
};

export class Journal {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** What survived the last process. */
  scan(): Journalled[] {
    const found: Journalled[] = [];
    for (const name of fs.readdirSync(this.#directory)) {
      const folder = path.join(this.#directory, name);
      const entry = name.startsWith(draftPrefix) ? null : readEntry(folder);
      if (entry === null) fs.rmSync(folder, { recursive: true, force: true });
      else found.push(entry);
    }
    return found;
  }

  /** An offer this agent promises to know about. Durable when it returns. */
  add(order: wire.Order, key: ExecutionKey, task: Task, script: Uint8Array): Journalled {
    return this.#write(order, key, [
      [task.scriptFile, script],
      [taskFiles.task, JSON.stringify(task)],
    ]);
  }

  /** An offer this agent will not run, and why: the hub hears it until it says it did. */
  addEnded(order: wire.Order, key: ExecutionKey, exit: ExitRecord): Journalled {
    // An approval that was refused may say anything; nothing reads it again.
    return this.#write(order, key, [[taskFiles.exit, JSON.stringify(exit)]], false);
  }

  /** What was placed for its script alone goes with it. On a neighbour the script's own folder is removed by whoever read its output. */
  forget({ folder, neighbour, files, ...key }: Journalled): void {
    const own = neighbour === null ? files.filter(({ path: file }) => file.startsWith(scriptFilePrefix(key))) : [];
    for (const { path: file } of own) fs.rmSync(file, { force: true });
    fs.rmSync(folder, { recursive: true, force: true });
  }

  #write(
    order: wire.Order,
    key: ExecutionKey,
    contents: [name: string, content: string | Uint8Array][],
    approved = true,
  ): Journalled {
    const name = `${key.executionId}.${key.attempt}`;
    const draft = path.join(this.#directory, `${draftPrefix}${name}`);
    fs.rmSync(draft, { recursive: true, force: true });
    fs.mkdirSync(draft, { mode: 0o700 });
    for (const [file, content] of contents) writeDurably(path.join(draft, file), content);
    // The script stands in its own file; the order keeps what names the execution, and where it belongs.
    const {
      person = "",
      neighbour,
      secrets = [],
      files = [],
      artefacts = [],
      interpreter = "",
      approval,
    } = scriptOf(order) ?? {};
    const where = neighbour ? { neighbour } : {};
    const kept = {
      ...key,
      person,
      secrets,
      files,
      artefacts,
      interpreter,
      ...where,
      ...(approval && approved ? { approval } : {}),
    };
    const { agentId, sequence, issuedAtMs, expiresAtMs } = order;
    const bytes = encodeOrder({ agentId, sequence, issuedAtMs, expiresAtMs, ...keptBody(order, kept) });
    writeDurably(path.join(draft, taskFiles.order), bytes);
    const folder = path.join(this.#directory, name);
    fs.renameSync(draft, folder);
    syncDirectory(this.#directory);
    return journalledOf(decodeOrder(bytes), key, folder);
  }
}

export function stateOf({ folder }: Journalled): JournalledState {
  // Order matters: the runner writes its end before it goes, so an end must be looked for after the runner was not found.
  const begun = fs.existsSync(path.join(folder, taskFiles.go));
  const runnerMark = readMark(path.join(folder, taskFiles.runner));
  if (runnerMark !== null && isAlive(runnerMark)) return { state: "running", runnerMark };
  const exit = readIfThere(path.join(folder, taskFiles.exit));
  if (exit !== null) return { state: "ended", exit: parseExitRecord(exit.toString()) };
  return begun ? { state: "lost", hadRunner: runnerMark !== null } : { state: "claimed" };
}

function readEntry(folder: string): Journalled | null {
  const bytes = readIfThere(path.join(folder, taskFiles.order));
  const order = bytes === null ? null : orderIn(bytes);
  const script = order === null ? null : scriptOf(order);
  const key = script === null ? null : executionKeyOf(script);
  return order === null || key === null ? null : journalledOf(order, key, folder);
}

/** The script an order is about, on this host or elsewhere; null when it is about something else. */
export const scriptOf = (order: wire.Order): wire.RunScript.$Properties | null =>
  order.runScript ??
  order.runEquippedScript ??
  order.runScriptWithFiles ??
  order.runScriptAndCollect ??
  order.runApprovedScript ??
  null;

/** Of the same kind, so that it is read as what it was. */
function keptBody(order: wire.Order, kept: wire.RunScript.$Properties) {
  if (order.runApprovedScript) return { runApprovedScript: kept };
  if (order.runScriptAndCollect) return { runScriptAndCollect: kept };
  if (order.runScriptWithFiles) return { runScriptWithFiles: kept };
  return order.runEquippedScript ? { runEquippedScript: kept } : { runScript: kept };
}

function journalledOf(order: wire.Order, key: ExecutionKey, folder: string): Journalled {
  const collecting = order.runScriptAndCollect ?? order.runApprovedScript;
  const withFiles = order.runScriptWithFiles ?? collecting;
  const equipped = withFiles ?? order.runEquippedScript;
  const neighbour = equipped?.neighbour ? neighbourNameOf(equipped.neighbour) : null;
  return {
    ...key,
    folder,
    stream: order.sequence,
    neighbour,
    secret: (equipped?.secrets?.length ?? 0) > 0,
    files: readFiles(withFiles?.files ?? []) ?? [],
    hasScript: !withFiles || (withFiles.interpreter ?? "") !== "",
    collects: (collecting?.artefacts?.length ?? 0) > 0,
    approved: approvedOf(order, neighbour),
  };
}

/** It was checked when the order came; what is journalled is ours. */
function approvedOf(order: wire.Order, neighbour: NeighbourName | null): Approved | null {
  const bytes = order.runApprovedScript?.approval?.approval;
  if (!bytes) return null;
  const { ticketId, runsMax, notAfterMs } = wire.Approval.decode(bytes);
  return { ticketId, target: targetHash(order.agentId, neighbour).toString("hex"), runsMax, notAfterMs };
}

/** Null when a damaged disk left something else: then nobody can know what it was. */
function orderIn(bytes: Uint8Array): wire.Order | null {
  try {
    return decodeOrder(bytes);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
