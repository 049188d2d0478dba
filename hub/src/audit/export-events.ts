// Every event also leaves the hub. The table is the queue: a cursor says how far a sink has come, so that a receiver which is away for a day
// costs no memory and loses nothing. After a crash or a lost connection the last events may come twice; their ids say so.
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { errorFields, type Log } from "../platform/log.ts";
import { chainHeads } from "./checkpoints.ts";
import type { ExportSink } from "./export-sinks.ts";
import { auditEvents, auditExportCursors } from "./schema.ts";

/** Events a batch: some 150 KB, and all that is held in memory. */
const batchMax = 200;
/** Batches an organisation a turn, so that one with a million events to catch up on does not keep another's waiting. */
const batchesPerTurn = 25;
export const exportEveryMs = 1_000;

export type ExportState = {
  target: string;
  /** Events that have not been taken yet, when it was last looked. */
  behind: number;
  /** Why it takes nothing, in the system's words; null when it does. */
  failure: string | null;
  /** Events taken since the start. */
  taken: number;
};

export class EventExport {
  readonly #db: Database;
  readonly #log: Log;
  readonly #sink: ExportSink;
  /** How far the sink has taken each organisation's events, and how far that is beyond doubt and in the table. */
  #sent: Map<string, number> | null = null;
  readonly #noted = new Map<string, number>();
  #doubtful: { atMs: number; sent: Map<string, number> }[] = [];
  #state: Omit<ExportState, "target"> = { behind: 0, failure: null, taken: 0 };

  constructor(db: Database, log: Log, sink: ExportSink) {
    [this.#db, this.#log, this.#sink] = [db, log, sink];
  }

  get state(): ExportState {
    return { target: this.#sink.target, ...this.#state };
  }

  /** Every second: offers what is new, and says when the receiver goes away and when it is back. Never throws because of a receiver. */
  async turn(): Promise<void> {
    const heads = await chainHeads(this.#db);
    const sent = this.#sent ?? (await this.#readCursors());
    this.#sent = sent;
    if (this.#sink.lostSome()) this.#goBack(sent);
    // An older database was put back: what is written from here on is new, whatever its number.
    for (const { org, seq } of heads) if ((sent.get(org) ?? 0) > seq) sent.set(org, seq);
    try {
      for (const { org, seq } of heads) await this.#catchUp(sent, org, seq);
      if (this.#state.failure !== null)
        this.#log.info(
          { target: this.#sink.target, taken: this.#state.taken },
          "audit events are exported again; nothing is missing",
        );
      this.#state.failure = null;
    } catch (error) {
      const failure = error instanceof Error ? error.message || error.name : String(error);
      if (this.#state.failure === null)
        this.#log.warn(
          { ...errorFields(error), target: this.#sink.target },
          "audit events are not exported; they wait in the database",
        );
      this.#state.failure = failure;
      this.#goBack(sent);
    }
    this.#state.behind = heads.reduce((sum, { org, seq }) => sum + Math.max(0, seq - (sent.get(org) ?? 0)), 0);
    await this.#noteCursors(sent);
  }

  /** Offers the last, then lets go. */
  async close(): Promise<void> {
    await this.turn();
    this.#sink.close();
  }

  async #catchUp(sent: Map<string, number>, org: string, head: number): Promise<void> {
    for (let batches = 0; batches < batchesPerTurn && (sent.get(org) ?? 0) < head; batches++) {
      const rows = await this.#db
        .select()
        .from(auditEvents)
        .where(and(eq(auditEvents.orgId, org), gt(auditEvents.seq, sent.get(org) ?? 0)))
        .orderBy(asc(auditEvents.seq))
        .limit(batchMax);
      const last = rows.at(-1);
      if (last === undefined) return;
      await this.#sink.take(rows);
      sent.set(org, last.seq);
      this.#state.taken += rows.length;
    }
  }

  /** What may have been lost with a connection is offered again. */
  #goBack(sent: Map<string, number>): void {
    for (const org of sent.keys()) sent.set(org, this.#noted.get(org) ?? 0);
    this.#doubtful = [];
  }

  async #readCursors(): Promise<Map<string, number>> {
    const rows = await this.#db.select().from(auditExportCursors).where(eq(auditExportCursors.target, this.#sink.target));
    for (const { orgId, seq } of rows) this.#noted.set(orgId, seq);
    return new Map(this.#noted);
  }

  /** A cursor goes into the table once nothing up to it can be lost any more. */
  async #noteCursors(sent: Map<string, number>): Promise<void> {
    const nowMs = performance.now();
    this.#doubtful.push({ atMs: nowMs, sent: new Map(sent) });
    const sureIndex = this.#doubtful.findLastIndex(({ atMs }) => nowMs - atMs >= this.#sink.doubtMs);
    const sure = this.#doubtful[sureIndex];
    if (sure === undefined) return;
    this.#doubtful = this.#doubtful.slice(sureIndex + 1);
    const moved = [...sure.sent].filter(([org, seq]) => seq !== (this.#noted.get(org) ?? 0));
    if (moved.length === 0) return;
    await this.#db
      .insert(auditExportCursors)
      .values(moved.map(([orgId, seq]) => ({ target: this.#sink.target, orgId, seq })))
      .onConflictDoUpdate({
        target: [auditExportCursors.target, auditExportCursors.orgId],
        set: { seq: sql`excluded.seq` },
      });
    for (const [org, seq] of moved) this.#noted.set(org, seq);
  }
}
