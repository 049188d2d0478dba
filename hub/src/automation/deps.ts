// What automation's use cases work with.
import type { AgentLinks } from "../fleet/links.ts";
import type { Orders } from "../fleet/orders.ts";
import type { LogStore } from "../logs/log-store.ts";
import type { Neighbours } from "../neighbours/neighbours.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";
import type { Vault } from "../platform/vault.ts";
import type { ExecutionOutputs } from "./execution-output.ts";
import type { ExecutionReason } from "./execution-state.ts";
import type { FileStreams } from "./file-streams.ts";
import type { Artefacts, Placing } from "./input.ts";
import type { ExecutionRow, RunRow, TakenExecution } from "./schema.ts";

/** What is committed of an execution's end. */
export type ExecutionEnd = {
  id: string;
  runId: string;
  reason: ExecutionReason;
  exitCode: number | null;
  signal: string | null;
  message: string | null;
  /** Null: as noted before. */
  startedAt: Date | null;
  endedAt: Date;
  truncated: boolean;
  /** Null: as noted before. */
  output: {
    stdoutBytes: number;
    stderrBytes: number;
    logHead: string | null;
    digest: string | null;
    valueDigest: string | null;
    lastLine: string | null;
  } | null;
  /** Null: it had no files, or none was spoken of. */
  placing: Placing | null;
  /** Null: as noted before. */
  artefacts: Artefacts | null;
};

/** A step of an execution that its agent tells of. */
export type ExecutionMove = { id: string; agentId: string; attempt: number } & (
  | { to: "claimed"; stream: number }
  | { to: "running"; startedAt: Date }
);

/** An agent asks for work: it has room for so many on its own host, and on hosts that it reaches; `files`: it knows how to place some there; `collects`: and to
 * bring what a script left on those. */
export type Pull = { agentId: string; own: number; neighbours: number; files: boolean; collects: boolean };
/** What it gets. */
export type Offer = { execution: TakenExecution; run: RunRow; person: string; username: string; allowed: boolean };

export type AutomationDeps = {
  db: Database;
  /** Of an agent that links; asked for many at once. */
  unfinishedOf(agentId: string): Promise<ExecutionRow[]>;
  /** Under which names an asset is known: its own and its address; asked for many at once. */
  hostNamesOf(assetId: string): Promise<string[]>;
  /** The end of an execution and what follows for its run; for many at once. */
  commitEnd(end: ExecutionEnd): Promise<void>;
  /** A step on the way there, by compare-and-set; null when there was nothing to step from. For many at once. */
  commitMove(move: ExecutionMove): Promise<TakenExecution | null>;
  /** What waits becomes offered; for many agents at once. Most have nothing waiting, and after a restart all ask. */
  takeQueued(pull: Pull): Promise<Offer[]>;
  clock: Clock;
  log: Log;
  links: AgentLinks;
  orders: Orders;
  store: LogStore;
  outputs: ExecutionOutputs;
  /** By execution, how far its files have come. In memory: it is for people who look. */
  placings: Map<string, Placing>;
  fileStreams: FileStreams;
  vault: Vault;
  neighbours: Neighbours;
  changes: Changes;
};
