// Checkpoints as the hub takes them, and the newest of each organisation, which agents are given. One instance a hub.
import { asc, sql } from "drizzle-orm";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import { type Checkpoint, type CheckpointSigner, judgeSignature } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { hashesAt, noteContradiction } from "./contradictions.ts";
import { auditCheckpoints } from "./schema.ts";

/** An event that happened this long ago is signed, and known outside of the hub at the agents' next heartbeat. */
const dueAfterMs = 60_000;
/** So many events are not left unsigned for a minute. */
const dueAfterEvents = 1_000;
/** How often to look whether one is due: a query that reads one index entry an organisation. */
export const lookForDueEveryMs = 2_000;

type ChainHead = { org: string; seq: number; hash: string };
type Deps = { db: Database; clock: Clock; signer: CheckpointSigner; file: CheckpointFile };

export class Checkpoints {
  readonly #deps: Deps;
  readonly #newest = new Map<string, Checkpoint>();
  /** When the first event that no checkpoint covers was seen, ms; what makes one due. */
  readonly #uncoveredSince = new Map<string, number>();
  #taking: Promise<void> = Promise.resolve();

  private constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Knows the newest of each organisation, compares the database with the file, which knows of more when an older database was put back, and
   * signs what a hub that died left unsigned.
   */
  static async start(deps: Deps): Promise<Checkpoints> {
    const checkpoints = new Checkpoints(deps);
    const rows = await deps.db
      .selectDistinctOn([auditCheckpoints.orgId])
      .from(auditCheckpoints)
      .orderBy(asc(auditCheckpoints.orgId), sql`${auditCheckpoints.seq} desc`);
    for (const row of rows) checkpoints.#newest.set(row.orgId, presentCheckpoint(row));
    await checkpoints.#compareFile();
    await checkpoints.takeAll();
    return checkpoints;
  }

  async #compareFile(): Promise<void> {
    const { db, file, signer } = this.#deps;
    const highest = new Map<string, Checkpoint>();
    for (const checkpoint of await file.newest())
      if (
        checkpoint.seq >= (highest.get(checkpoint.org)?.seq ?? 0) &&
        judgeSignature(checkpoint, signer.publicKey, signer.keyId) === "ok"
      )
        highest.set(checkpoint.org, checkpoint);
    const hashAt = hashesAt(db);
    for (const checkpoint of highest.values()) {
      const holds = await hashAt(checkpoint);
      if (holds !== checkpoint.hash)
        await noteContradiction(this.#deps, checkpoint, holds, {
          by: "file",
          subject: { kind: "hub", id: checkpoint.hub, name: "audit/checkpoints" },
          ip: null,
        });
    }
  }

  /** Null before an organisation's first event. */
  newestOf(org: string): Checkpoint | null {
    return this.#newest.get(org) ?? null;
  }

  get signer(): CheckpointSigner {
    return this.#deps.signer;
  }

  /** Takes those that are due: a minute after the first event that is not covered, or a thousand events. */
  async takeDue(): Promise<void> {
    const now = this.#deps.clock.now().getTime();
    await this.#take((head, covered) => {
      const since = this.#uncoveredSince.get(head.org);
      if (since === undefined) this.#uncoveredSince.set(head.org, now);
      return head.seq - covered >= dueAfterEvents || (since !== undefined && now - since >= dueAfterMs);
    });
  }

  /** Covers everything that is committed now: at the start, and when the hub closes. */
  async takeAll(): Promise<void> {
    await this.#take(() => true);
  }

  /** One after another: two that look at the same heads would sign them twice. */
  #take(isDue: (head: ChainHead, covered: number) => boolean): Promise<void> {
    const taken = this.#taking.then(() => this.#takeNow(isDue));
    this.#taking = taken.catch(() => {});
    return taken;
  }

  async #takeNow(isDue: (head: ChainHead, covered: number) => boolean): Promise<void> {
    const { db, clock, signer, file } = this.#deps;
    const due = (await chainHeads(db)).filter((head) => {
      const covered = this.#newest.get(head.org)?.seq ?? 0;
      // Also when the chain is behind what was signed: that is for the verifier to say, and no reason to sign an older head again.
      return head.seq > covered && isDue(head, covered);
    });
    if (due.length === 0) return;
    const taken = due.map((head) => signer.sign({ ...head, at: clock.now() }));
    // The file first: a row that is not in the file is then always somebody else's.
    await file.append(taken);
    await db
      .insert(auditCheckpoints)
      .values(taken.map(({ org, at, hub, ...rest }) => ({ ...rest, orgId: org, at: new Date(at), hubId: hub })))
      .onConflictDoNothing();
    for (const checkpoint of taken) {
      this.#newest.set(checkpoint.org, checkpoint);
      this.#uncoveredSince.delete(checkpoint.org);
    }
  }
}

/** The end of each organisation's chain. Walks the index from organisation to organisation, whatever the number of events. */
export async function chainHeads(db: Database): Promise<ChainHead[]> {
  const rows = await db.execute<{ org: string; seq: string; hash: string }>(sql`
    with recursive orgs as (
      (select org_id from audit_events order by org_id limit 1)
      union all
      select (select e.org_id from audit_events e where e.org_id > orgs.org_id order by e.org_id limit 1) from orgs where orgs.org_id is not null
    )
    select orgs.org_id as org, head.seq, head.hash from orgs
    cross join lateral (select e.seq, e.hash from audit_events e where e.org_id = orgs.org_id order by e.seq desc limit 1) head`);
  return rows.map(({ org, seq, hash }) => ({ org, seq: Number(seq), hash }));
}

export const presentCheckpoint = ({ orgId, at, hubId, ...rest }: typeof auditCheckpoints.$inferSelect): Checkpoint => ({
  ...rest,
  org: orgId,
  at: at.toISOString(),
  hub: hubId,
});
