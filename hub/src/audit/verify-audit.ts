// Says of an audit log whether it is what the hub wrote: the chain by itself, then what was signed of it, here and elsewhere. Reads a database
// and a file, a few hundred rows at a time; writes nothing, and needs of the hub only the public half of its evidence key.
import type { KeyObject } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { and, asc, count, eq, gt, inArray, sql } from "drizzle-orm";
import type { Database, Queryable } from "../platform/database.ts";
import { keyIdOf } from "../platform/evidence-key.ts";
import { findBreak, genesis } from "./chain.ts";
import { type Checkpoint, judgeSignature } from "./checkpoint.ts";
import { readCheckpointLines } from "./checkpoint-file.ts";
import { presentCheckpoint } from "./checkpoints.ts";
import { type AuditRow, auditCheckpoints, auditEvents } from "./schema.ts";

/**
 * - `ok`: every event is in the chain, and the hub has signed the last of them.
 * - `open`: nothing is wrong, but what came after the last checkpoint is vouched for by nobody: a hub that runs, or died.
 * - `truncated`: the chain, or the file, ends before what the database itself says was signed.
 * - `rolled-back`: the database is whole in itself, but the hub has signed more than it holds: an older one was put back.
 * - `altered`: something is not what was written; `at` says from which event on.
 */
export type AuditState = "ok" | "open" | "truncated" | "rolled-back" | "altered";

export type AuditVerdict = {
  org: string;
  state: AuditState;
  /** One sentence for people. */
  why: string;
  /** First event that is in question, null when none is. */
  at: number | null;
  /** Events in the chain, from the first on, as far as it holds. */
  events: number;
  /** Hash of the last of them, hex. */
  head: string;
  /** Last event that a signature vouches for, 0 for none, and when that was made. */
  signedSeq: number;
  signedAt: string | null;
};

export type Anchors = {
  publicKey: KeyObject;
  /** The file `audit/checkpoints` of the data folder; null when only the database is at hand. */
  file: string | null;
  /** What witnesses outside of the hub have kept. Those of another key are the caller's to speak of. */
  heads: readonly Checkpoint[];
  /** Null: every organisation that the database, the file or a witness knows. */
  org: string | null;
};

/** Rows a step: a hub that verifies itself goes on serving between two. */
const step = 500;

/** One state of the database, whatever the hub writes meanwhile. */
export async function verifyAuditLog(db: Database, anchors: Anchors): Promise<AuditVerdict[]> {
  // Before the snapshot: what the file holds up to here was committed before it, so the snapshot must hold it.
  const fileBytes = fileBytesOf(anchors);
  return db.transaction((tx) => judgeAuditLog(tx, anchors, fileBytes), {
    isolationLevel: "repeatable read",
    accessMode: "read only",
  });
}

/** @param fileBytes how much of the file the database must know of. */
export async function judgeAuditLog(db: Queryable, anchors: Anchors, fileBytes = fileBytesOf(anchors)): Promise<AuditVerdict[]> {
  const keyId = keyIdOf(anchors.publicKey);
  const judge = (checkpoint: Checkpoint) => judgeSignature(checkpoint, anchors.publicKey, keyId);
  const walks = new Map<string, Walk>();
  const walkOf = async (org: string): Promise<Walk> => {
    const known = walks.get(org) ?? (await Walk.over(db, org, judge));
    walks.set(org, known);
    return known;
  };
  for (const org of anchors.org === null ? await organisationsOf(db) : [anchors.org]) await walkOf(org);
  if (anchors.file !== null && existsSync(anchors.file)) await judgeFile(db, anchors.file, fileBytes, anchors.org, walkOf, judge);
  for (const batch of batches(anchors.heads.filter(({ org }) => anchors.org === null || org === anchors.org)))
    await compare(db, batch, walkOf, "A witness");
  return [...walks.values()].map((walk) => walk.verdict()).sort((a, b) => (a.org < b.org ? -1 : 1));
}

const fileBytesOf = ({ file }: Anchors): number => (file !== null && existsSync(file) ? statSync(file).size : 0);

type Judge = (checkpoint: Checkpoint) => "ok" | "other-key" | "forged";
type Finding = Pick<AuditVerdict, "state" | "why" | "at">;

/** One organisation's chain with its checkpoints, walked side by side. The first finding stands. */
class Walk {
  readonly org: string;
  #seq = 0;
  #hash = genesis;
  #signedSeq = 0;
  #signedAt: string | null = null;
  /** Last event that one of the database's own checkpoints vouches for. */
  #ownSeq = 0;
  #found: Finding | null = null;

  private constructor(org: string) {
    this.org = org;
  }

  static async over(db: Queryable, org: string, judge: Judge): Promise<Walk> {
    const walk = new Walk(org);
    const signed = new CheckpointRows(db, org);
    for (;;) {
      const events = await db
        .select()
        .from(auditEvents)
        .where(and(eq(auditEvents.orgId, org), gt(auditEvents.seq, walk.#seq)))
        .orderBy(asc(auditEvents.seq))
        .limit(step);
      for (const event of events) {
        walk.#pass(event);
        const next = signed.ahead ?? (signed.ended ? null : await signed.turned());
        if (next !== null && next.seq <= event.seq) walk.#meet(signed.take(next), judge);
        if (walk.#found !== null) return walk;
      }
      if (events.length < step) break;
    }
    const beyond = await signed.turned();
    if (beyond !== null)
      walk.find("truncated", `The chain ends at event ${walk.#seq}; the hub had signed event ${beyond.seq}.`, walk.#seq + 1);
    return walk;
  }

  #pass(event: AuditRow): void {
    const brokenAt = findBreak({ seq: this.#seq, hash: this.#hash }, [event]);
    if (brokenAt !== null) {
      this.find("altered", `Event ${brokenAt} is not the one that was written there.`, brokenAt);
      return;
    }
    this.#seq = event.seq;
    this.#hash = event.hash;
  }

  #meet(checkpoint: Checkpoint, judge: Judge): void {
    const judged = judge(checkpoint);
    const from = this.#ownSeq + 1;
    if (checkpoint.seq !== this.#seq || judged === "forged") {
      this.find("altered", `The checkpoint of event ${checkpoint.seq} is not what the hub signed.`, checkpoint.seq);
    } else if (judged === "other-key") {
      this.find("altered", `The checkpoint of event ${checkpoint.seq} was made with another key.`, checkpoint.seq);
    } else if (checkpoint.hash !== this.#hash) {
      this.find(
        "altered",
        `The hub signed another history: something between event ${from} and ${checkpoint.seq} was changed.`,
        from,
      );
    } else {
      this.#ownSeq = checkpoint.seq;
      this.vouch(checkpoint);
    }
  }

  vouch({ seq, at }: Checkpoint): void {
    if (seq <= this.#signedSeq) return;
    this.#signedSeq = seq;
    this.#signedAt = at;
  }

  /** What a file or a witness has and the chain has not. @param holds the hash in the database, null for none. */
  contradict(checkpoint: Checkpoint, holds: string | null, who: string): void {
    const { seq, at } = checkpoint;
    if (holds === null)
      this.find(
        "rolled-back",
        `${who} has seen event ${seq}, signed at ${at}; the database ends at event ${this.#seq}.`,
        this.#seq + 1,
      );
    else if (this.#ownSeq >= seq)
      this.find(
        "rolled-back",
        `${who} has seen another event ${seq}, signed at ${at}: the hub wrote a second history after it was set back.`,
        seq,
      );
    else
      this.find(
        "altered",
        `${who} has seen another event ${seq}, signed at ${at}: something up to there was changed.`,
        this.#signedSeq + 1,
      );
  }

  find(state: AuditState, why: string, at: number | null): void {
    this.#found ??= { state, why, at };
  }

  verdict(): AuditVerdict {
    const signed = this.#signedSeq >= this.#seq;
    const whole: Finding = signed
      ? { state: "ok", why: "Every event is in the chain and the hub's signature holds.", at: null }
      : {
          state: "open",
          why: `Every event is in the chain; those after event ${this.#signedSeq} are not signed yet.`,
          at: null,
        };
    return {
      org: this.org,
      ...(this.#found ?? whole),
      events: this.#seq,
      head: this.#hash,
      signedSeq: this.#signedSeq,
      signedAt: this.#signedAt,
    };
  }
}

/** An organisation's checkpoints in the database, in order, a page at a time. */
class CheckpointRows {
  /** The next one; null when the page is at its end. Most events have none, so that asking for it must cost nothing. */
  ahead: Checkpoint | null = null;
  readonly #db: Queryable;
  readonly #org: string;
  #page: Checkpoint[] = [];
  #last = Number.MIN_SAFE_INTEGER;
  ended = false;

  constructor(db: Queryable, org: string) {
    this.#db = db;
    this.#org = org;
  }

  take(next: Checkpoint): Checkpoint {
    this.ahead = this.#page.shift() ?? null;
    return next;
  }

  /** The next one, from the next page if need be; null when there is none. */
  async turned(): Promise<Checkpoint | null> {
    if (this.ahead !== null || this.ended) return this.ahead;
    const rows = await this.#db
      .select()
      .from(auditCheckpoints)
      .where(and(eq(auditCheckpoints.orgId, this.#org), gt(auditCheckpoints.seq, this.#last)))
      .orderBy(asc(auditCheckpoints.seq))
      .limit(step);
    this.#page = rows.map(presentCheckpoint);
    this.#last = rows.at(-1)?.seq ?? this.#last;
    this.ended = rows.length < step;
    this.ahead = this.#page.shift() ?? null;
    return this.ahead;
  }
}

/** Also the other way round: every checkpoint of the database stands in the file, because it is written there first. */
async function judgeFile(
  db: Queryable,
  file: string,
  fileBytes: number,
  only: string | null,
  walkOf: (org: string) => Promise<Walk>,
  judge: Judge,
): Promise<void> {
  const seen = new Map<string, { count: number; seq: number }>();
  let batch: Checkpoint[] = [];
  const judgeBatch = async (): Promise<void> => {
    for (const { org, seq } of await compare(db, batch, walkOf, "The data folder's file of checkpoints")) {
      const last = seen.get(org) ?? { count: 0, seq: 0 };
      if (seq > last.seq) seen.set(org, { count: last.count + 1, seq });
    }
    batch = [];
  };
  for await (const { line, end, checkpoint } of readCheckpointLines(file)) {
    if (checkpoint !== null && only !== null && checkpoint.org !== only) continue;
    if (checkpoint === null || judge(checkpoint) !== "ok") {
      const orgs = checkpoint === null ? (only === null ? await organisationsOf(db) : [only]) : [checkpoint.org];
      for (const org of orgs)
        (await walkOf(org)).find("altered", `Line ${line} of the file of checkpoints is not the hub's.`, null);
      continue;
    }
    // Written while we look: the snapshot need not know it.
    if (end > fileBytes) {
      const last = seen.get(checkpoint.org) ?? { count: 0, seq: 0 };
      seen.set(checkpoint.org, { ...last, count: last.count + 1 });
    } else if (batch.push(checkpoint) >= step) await judgeBatch();
  }
  await judgeBatch();
  const rows = await db
    .select({ org: auditCheckpoints.orgId, count: count() })
    .from(auditCheckpoints)
    .where(only === null ? undefined : eq(auditCheckpoints.orgId, only))
    .groupBy(auditCheckpoints.orgId);
  for (const row of rows)
    if ((seen.get(row.org)?.count ?? 0) < row.count)
      (await walkOf(row.org)).find("truncated", "The file of checkpoints lacks some that the database has.", null);
}

/** @returns those that the database has as a checkpoint too, in the same words. */
async function compare(
  db: Queryable,
  checkpoints: readonly Checkpoint[],
  walkOf: (org: string) => Promise<Walk>,
  who: string,
): Promise<Checkpoint[]> {
  const both: Checkpoint[] = [];
  for (const org of new Set(checkpoints.map((one) => one.org))) {
    const walk = await walkOf(org);
    const ofOrg = checkpoints.filter((one) => one.org === org);
    const seqs = ofOrg.map(({ seq }) => seq);
    const hashes = new Map(
      (
        await db
          .select({ seq: auditEvents.seq, hash: auditEvents.hash })
          .from(auditEvents)
          .where(and(eq(auditEvents.orgId, org), inArray(auditEvents.seq, seqs)))
      ).map(({ seq, hash }) => [seq, hash]),
    );
    const rows = await db
      .select({ seq: auditCheckpoints.seq, signature: auditCheckpoints.signature })
      .from(auditCheckpoints)
      .where(and(eq(auditCheckpoints.orgId, org), inArray(auditCheckpoints.seq, seqs)));
    const signatures = new Set(rows.map(({ seq, signature }) => `${seq} ${signature}`));
    for (const one of ofOrg) {
      const holds = hashes.get(one.seq) ?? null;
      if (holds === one.hash) walk.vouch(one);
      else walk.contradict(one, holds, who);
      if (signatures.has(`${one.seq} ${one.signature}`)) both.push(one);
    }
  }
  return both;
}

async function organisationsOf(db: Queryable): Promise<string[]> {
  const rows = await db.execute<{ org: string }>(sql`
    with recursive orgs as (
      (select org_id from audit_events order by org_id limit 1)
      union all
      select (select e.org_id from audit_events e where e.org_id > orgs.org_id order by e.org_id limit 1) from orgs where orgs.org_id is not null
    )
    select org_id as org from orgs where org_id is not null
    union select distinct org_id from audit_checkpoints`);
  return rows.map(({ org }) => org);
}

function* batches<One>(all: readonly One[]): Generator<One[]> {
  for (let at = 0; at < all.length; at += step) yield all.slice(at, at + step);
}
