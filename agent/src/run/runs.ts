// The executions of this agent: which there are, what the hub still has to hear of each, and when. What an offer, a go or a stop does is
// in the file named for it; how a script runs is the runner's.
import { executionsAtOnceMax, neighbourExecutionsAtOnceMax, offersPerPullMax } from "@sallyport/protocol/limits";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { wire } from "@sallyport/protocol/wire";
import type { Transfers } from "../files/transfers.ts";
import type { HubClock } from "../hub-clock.ts";
import type { UpBody } from "../link/connection.ts";
import { type Log, reasonOf } from "../log.ts";
import type { Neighbours } from "../ssh/neighbours.ts";
import type { ApprovalUses } from "./approval-uses.ts";
import { readCollected } from "./artefacts-record.ts";
import type { Carrier } from "./carrier.ts";
import { Execution } from "./execution.ts";
import { FilesFirst } from "./files-first.ts";
import { HubNeeds } from "./hub-needs.ts";
import { type Journal, type Journalled, stateOf } from "./journal.ts";
import { launchRunner } from "./launch.ts";
import { type Launch, LocalScript } from "./local-script.ts";
import { NeighbourFiles } from "./neighbour-files.ts";
import { NeighbourScript } from "./neighbour-script.ts";
import { OwnFiles } from "./own-files.ts";
import { readPlaced } from "./placed-record.ts";
import type { Placer } from "./placer.ts";
import { Places } from "./places.ts";
import { runResult } from "./result.ts";
import { dueNow, type Retry, saidAt } from "./retry.ts";
import type { ExecutionKey } from "./run-order.ts";

/** While a script runs, or its output is on its way: how soon its output and its end are noticed. */
const busyTickMs = 50;
/** While something waits for the hub's word only. */
const waitingTickMs = 1_000;

/** A pull the hub did not answer is asked again. */
const pullPatienceMs = 10_000;

type Entry = { execution: Execution; retry: Retry; startTold: boolean; forgetAtEnd: boolean };

export type RunsOptions = {
  journal: Journal;
  mux: StreamMux;
  clock: HubClock;
  log: Log;
  /** False when there is no link. */
  send: (body: UpBody) => boolean;
  runnerFile: string;
  neighbours: Neighbours;
  transfers: Transfers;
  approvalUses: ApprovalUses;
  /** Where programs of this host are looked for. */
  path: string;
  random?: () => number;
};

export class Runs {
  readonly #options: RunsOptions;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #places = new Places();
  #pulledAt: number | null = null;
  #pullAgain = false;
  #linked = false;
  #timer: NodeJS.Timeout | null = null;

  /** Takes up what the last process left in the journal. */
  constructor(options: RunsOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    for (const journalled of options.journal.scan()) {
      const { execution } = this.#add(journalled);
      execution.recover(stateOf(journalled));
      options.log.info(`execution ${journalled.executionId} found in the journal: ${execution.phase}`);
    }
  }

  /** Executions that may still start another process. */
  get freeSlots(): number {
    return executionsAtOnceMax - this.#active((entry) => entry.neighbour === null);
  }

  /** Executions on neighbours that may still begin. */
  get freeNeighbourSlots(): number {
    return neighbourExecutionsAtOnceMax - this.#active((entry) => entry.neighbour !== null);
  }

  get running(): number {
    return [...this.#entries.values()].filter(({ execution }) => execution.phase === "running").length;
  }

  get(key: ExecutionKey): Execution | undefined {
    return this.#entries.get(nameOf(key))?.execution;
  }

  /** A journalled offer becomes ours, and is claimed. */
  add(journalled: Journalled): void {
    this.#add(journalled).execution.recover(stateOf(journalled));
    this.#tick();
  }

  /** Asks for as many executions as there are free slots; one question at a time. */
  pull(): void {
    const now = performance.now();
    if (this.#pulledAt !== null && now - this.#pulledAt < pullPatienceMs) {
      this.#pullAgain = true;
      return;
    }
    const max = Math.min(offersPerPullMax, Math.max(0, this.freeSlots));
    const neighboursMax = Math.min(offersPerPullMax, Math.max(0, this.freeNeighbourSlots));
    if (max + neighboursMax < 1) return; // asked again when one ends
    this.#pullAgain = false;
    this.#pulledAt = this.#options.send({ runPull: { max, neighboursMax } }) ? now : null;
  }

  /** The hub answered a pull; `taken` of its offers were new. */
  pulled(taken: number): void {
    this.#pulledAt = null;
    if (this.#pullAgain || taken > 0) this.pull(); // there may be more where these came from
  }

  begin(execution: Execution): void {
    if (execution.phase !== "claimed") return; // go said twice
    const { approved } = execution.entry;
    if (approved !== null && this.#options.clock.now() > approved.notAfterMs) {
      execution.refuse("approval-over", "The time that was approved was over before it could begin. Ask again.");
      this.#tick();
      return;
    }
    if (approved !== null) this.#options.approvalUses.begun(approved, execution.entry);
    execution.begin();
    this.#options.log.info(`execution ${execution.entry.executionId} begun`);
    this.#tick();
  }

  stop(execution: Execution, graceSeconds: number): void {
    execution.stop(graceSeconds);
    this.#tick();
  }

  /** The hub knows all it wants to know. One that still runs is ended first. */
  forget(key: ExecutionKey): void {
    const entry = this.#entries.get(nameOf(key));
    if (entry === undefined) return;
    entry.forgetAtEnd = true;
    if (entry.execution.phase === "running") entry.execution.stop(forgottenGraceSeconds);
    else this.#remove(entry);
    this.#tick();
  }

  /** Says what it last told the hub of this execution, now: an offer of it came twice. */
  repeat(execution: Execution): void {
    const entry = this.#entries.get(nameOf(execution.entry));
    if (entry === undefined) return;
    entry.retry = dueNow;
    entry.startTold = false;
    this.#tick();
  }

  /** After a Welcome: everything unanswered is said again, and work is asked for. */
  linkBack(): void {
    this.#linked = true;
    this.#pulledAt = null;
    for (const entry of this.#entries.values()) {
      entry.retry = dueNow;
      entry.startTold = false;
    }
    this.#tick();
    this.pull();
  }

  linkLost(): void {
    this.#linked = false;
  }

  /** The hub did not name this stream in its Welcome: it wants no more of it. */
  dropOutput(stream: number): void {
    for (const { execution } of this.#entries.values()) if (execution.entry.stream === stream) execution.dropOutput();
  }

  liveStreams(): wire.LiveStream.$Properties[] {
    return [...this.#entries.values()].flatMap(({ execution: { end, entry, phase } }) =>
      end === null
        ? []
        : [
            {
              stream: end.stream,
              subjectId: entry.executionId,
              outputs: [...end.outgoing.values()].map(({ channel, source }) => ({
                channel,
                start: source.start,
                end: source.end,
              })),
              inputReceived: 0,
              ended: phase === "ended",
            },
          ],
    );
  }

  journalEntries(): wire.JournalEntry.$Properties[] {
    return [...this.#entries.values()].map(({ execution }) => ({
      executionId: execution.entry.executionId,
      attempt: execution.entry.attempt,
      state: journalState(execution),
    }));
  }

  /** This process ends; scripts go on. */
  close(): void {
    for (const { execution } of this.#entries.values()) execution.carrier.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #add(journalled: Journalled): Entry {
    const entry = {
      execution: new Execution(journalled, this.#carrierOf(journalled), this.#options.mux),
      retry: dueNow,
      startTold: false,
      forgetAtEnd: false,
    };
    this.#entries.set(nameOf(journalled), entry);
    return entry;
  }

  #carrierOf(entry: Journalled): Carrier {
    const { transfers, send } = this.#options;
    const { executionId, attempt } = entry;
    if (entry.files.length === 0) return this.#scriptOf(entry);
    return new FilesFirst({
      entry,
      carrier: entry.hasScript ? this.#scriptOf(entry) : null,
      transfers,
      placer: this.#placerOf(entry),
      report: (progress) => this.#linked && send({ fileProgress: { executionId, attempt, ...progress } }),
      wall: Date.now,
    });
  }

  #placerOf(entry: Journalled): Placer {
    const { neighbours, path } = this.#options;
    const { neighbour } = entry;
    return neighbour === null
      ? new OwnFiles(entry, path)
      : new NeighbourFiles({ entry, neighbour, neighbours, needs: this.#needsOf(entry, true), places: this.#places });
  }

  #scriptOf(entry: Journalled): Carrier {
    const { runnerFile, neighbours } = this.#options;
    const { neighbour } = entry;
    const needs = this.#needsOf(entry, false);
    const wall = Date.now;
    if (neighbour !== null) return new NeighbourScript({ entry, neighbour, neighbours, needs, places: this.#places, wall });
    const launch: Launch = (folder, secrets, onFailure) => launchRunner(runnerFile, folder, secrets, onFailure);
    return new LocalScript({ entry, launch, needs, unseal: (sealed, id) => neighbours.unseal(sealed, id), wall });
  }

  #needsOf({ executionId, attempt }: Journalled, wayInOnly: boolean): HubNeeds {
    return new HubNeeds(() => this.#linked && this.#options.send({ runNeeds: { executionId, attempt, wayInOnly } }));
  }

  #active(counts: (entry: Journalled) => boolean): number {
    return [...this.#entries.values()].filter(({ execution }) => execution.phase !== "ended" && counts(execution.entry)).length;
  }

  #remove({ execution }: Entry): void {
    const { approved } = execution.entry;
    if (approved !== null && !execution.wasBegun) this.#options.approvalUses.giveBack(approved, execution.entry);
    execution.close();
    this.#entries.delete(nameOf(execution.entry));
    this.#options.journal.forget(execution.entry);
    this.#options.log.info(`execution ${execution.entry.executionId} settled: ${execution.exit?.end ?? "not begun"}`);
  }

  /** Looks at every execution, says what is due, and comes back as soon as something can have changed. */
  #tick(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const entry of [...this.#entries.values()]) {
      const ran = entry.execution.phase === "running";
      this.#look(entry.execution);
      if (entry.execution.phase === "ended" && ran) {
        entry.retry = dueNow;
        this.pull();
      }
      if (entry.execution.phase === "ended" && entry.forgetAtEnd) this.#remove(entry);
      else this.#tell(entry);
    }
    if (this.#entries.size === 0) return;
    const busy = [...this.#entries.values()].some(
      ({ execution }) => execution.phase === "running" || (this.#linked && execution.phase === "ended" && !execution.settled),
    );
    this.#timer = setTimeout(() => this.#tick(), busy ? busyTickMs : waitingTickMs);
  }

  /** A disk that fails one execution must not end the others, nor the terminals. */
  #look(execution: Execution): void {
    try {
      execution.look();
    } catch (error) {
      this.#options.log.error(`execution ${execution.entry.executionId}: ${reasonOf(error)}`);
    }
  }

  #tell(entry: Entry): void {
    const { execution } = entry;
    const { executionId, attempt, stream } = execution.entry;
    const { send, clock } = this.#options;
    if (execution.startedAtMs !== null && !entry.startTold) {
      entry.startTold = send({ runStarted: { executionId, attempt, startedAtMs: clock.fromWall(execution.startedAtMs) } });
    }
    const now = performance.now();
    if (now < entry.retry.dueAt) return;
    const body = ((): UpBody | null => {
      if (execution.phase === "claimed") return { runClaim: { executionId, attempt, stream } };
      if (execution.exit === null || !execution.settled) return null;
      const { folder } = execution.entry;
      const files = { placed: readPlaced(folder), collected: readCollected(folder) };
      return { runResult: runResult(execution.entry, execution.exit, files, (wallMs) => clock.fromWall(wallMs)) };
    })();
    if (body !== null && send(body)) entry.retry = saidAt(entry.retry, now, this.#random());
  }
}

/** Nobody waits for the end of a forgotten script, so it may have a fair one. */
const forgottenGraceSeconds = 10;

const nameOf = ({ executionId, attempt }: ExecutionKey): string => `${executionId}.${attempt}`;

function journalState(execution: Execution): wire.JournalState {
  switch (execution.phase) {
    case "claimed":
      return wire.JournalState.JOURNAL_CLAIMED;
    case "running":
      return wire.JournalState.JOURNAL_RUNNING;
    case "ended":
      return execution.exit?.end === "unknown" ? wire.JournalState.JOURNAL_UNKNOWN : wire.JournalState.JOURNAL_ENDED;
  }
}
