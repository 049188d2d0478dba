// Takes what waits out of the hub: to channels and to people's mailboxes. The row is the queue; several hubs may look at once, and one message leaves.
//
//   waiting ── sent ──────────────────────────► sent
//      ▲  └─── failed for good, or too often ──► failed
//      └────── failed for now: the whole target pauses, and what came meanwhile goes along as one message
//
// A hub that dies between the other side's yes and our commit sends the message once more; a webhook's id is then the same.
import { createHash } from "node:crypto";
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, notInArray, or, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { users } from "../identity/schema.ts";
import type { Changes } from "../platform/changes.ts";
import type { Database, Transaction } from "../platform/database.ts";
import { errorFields, type Log } from "../platform/log.ts";
import type { Pace, Verdict } from "./channels/channel.ts";
import { failed } from "./channels/judge.ts";
import { channelRules } from "./channels/rules.ts";
import type { NotifyDeps } from "./deps.ts";
import type { Language } from "./input.ts";
import type { Mailer } from "./mailer.ts";
import { renderNoticeMail } from "./mails.ts";
import type { Message } from "./message.ts";
import { type Notice, noticeRules } from "./notices.ts";
import {
  type ChannelRow,
  type DeliveryRow,
  type NoticeRow,
  noticeChannels,
  noticeDeliveries,
  noticePaces,
  notices,
} from "./schema.ts";
import { reasonOf, send } from "./send.ts";
import { digestOf, messageOf, withOwnLink } from "./words.ts";

export const lookForDeliveriesEveryMs = 1_000;

/** Longer than any send lasts, DNS, connection and answer together. */
const leaseMs = 90_000;
/** Targets that one hub writes to at the same time; each is a connection. */
const targetsAtOnce = 8;
/** Messages to one target a turn, so that a chatty one does not keep the others waiting. */
const messagesPerTurn = 10;
/** What can leave one by one within this time does; more becomes a digest. */
const patienceMs = 10_000;
/** Notices in one digest; more go into the next. */
const digestMax = 200;
/** A person's mailbox: ten at once, then one in three minutes with all that came meanwhile. */
const mailPace: Pace = { burst: 10, perMinute: 1 / 3 };

/** From half a minute to a day, as Standard Webhooks advises; then it is given up. */
const pausesMs = [30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000, 86_400_000];
export const attemptsMax = pausesMs.length + 1;

/** A link for one person alone: where in the console it leads, and until when. */
export type OwnLink = { path: string; until: Date };
type Deps = NotifyDeps & {
  log: Log;
  changes: Changes;
  /** Null without a mail server. */
  mailer: Mailer | null;
  /** What a mail of this notice to this person leads to instead of the notice's page; null: to that. */
  ownLink(notice: NoticeRow, userId: string): OwnLink | null;
};
type Waiting = { delivery: DeliveryRow; notice: NoticeRow };
type Batch = { target: string; waiting: Waiting[]; channel: ChannelRow | null };

const targetOf = sql<string>`coalesce(${noticeDeliveries.channelId}, ${noticeDeliveries.userId})`;

export class NoticeDelivery {
  readonly #deps: Deps;
  #closed = false;
  #running: Promise<void> = Promise.resolve();
  /** Notices that open screens of this hub were told of lately. */
  #announced = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Every second. */
  turn(): Promise<void> {
    this.#running = this.#turn();
    return this.#running;
  }

  /** Begins nothing more; resolves when what is on its way has its answer. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running.catch(() => {});
  }

  async #turn(): Promise<void> {
    await this.#announce();
    if (this.#deps.mailer === null) await this.#forgetMails();
    const targets = await this.#dueTargets();
    await Promise.all(
      targets.map((target) =>
        this.#deliverTo(target).catch((error: unknown) =>
          this.#deps.log.error({ target, ...errorFields(error) }, "notices not delivered"),
        ),
      ),
    );
  }

  /** To open screens; a notice of another hub on this database is found here, too. */
  async #announce(): Promise<void> {
    const { db, clock, changes } = this.#deps;
    const since = new Date(clock.now().getTime() - 10_000);
    const rows = await db.select({ id: notices.id, orgId: notices.orgId }).from(notices).where(gt(notices.at, since)).limit(500);
    const fresh = rows.filter(({ id }) => !this.#announced.has(id));
    this.#announced = new Set(rows.map(({ id }) => id));
    for (const orgId of new Set(fresh.map((row) => row.orgId))) changes.announce(orgId, "notices");
  }

  /** Without a mail server mails are neither late nor failed: the inbox is all there is. */
  async #forgetMails(): Promise<void> {
    const { db } = this.#deps;
    await db.delete(noticeDeliveries).where(and(eq(noticeDeliveries.state, "waiting"), isNotNull(noticeDeliveries.userId)));
  }

  async #dueTargets(): Promise<string[]> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const past = (column: typeof noticePaces.busyUntil | typeof noticePaces.pausedUntil) => or(isNull(column), lt(column, now));
    const rows = await db
      .selectDistinct({ target: targetOf })
      .from(noticeDeliveries)
      .leftJoin(noticePaces, eq(noticePaces.target, targetOf))
      .where(and(eq(noticeDeliveries.state, "waiting"), past(noticePaces.busyUntil), past(noticePaces.pausedUntil)))
      .limit(targetsAtOnce);
    return rows.map(({ target }) => target);
  }

  async #deliverTo(target: string): Promise<void> {
    for (let n = 0; n < messagesPerTurn && !this.#closed; n++) {
      const batch = await this.#deps.db.transaction((tx) => this.#take(tx, target));
      if (batch === null) return;
      const verdict = await this.#send(batch);
      await this.#deps.db.transaction((tx) => this.#settle(tx, batch, verdict));
      if (!verdict.sent) return;
    }
  }

  /** What goes into the next message, its token taken and the target ours until the lease ends; null when nothing may leave now. */
  async #take(tx: Transaction, target: string): Promise<Batch | null> {
    const now = this.#deps.clock.now();
    const [channel = null] = await tx.select().from(noticeChannels).where(eq(noticeChannels.id, target));
    const { burst, perMinute } = channel === null ? mailPace : channelRules[channel.kind].pace;
    await tx.insert(noticePaces).values({ target, tokens: burst, tokensAt: now, failures: 0 }).onConflictDoNothing();
    const [pace] = await tx.select().from(noticePaces).where(eq(noticePaces.target, target)).for("update", { skipLocked: true });
    const isAhead = (moment: Date | null | undefined) => moment != null && moment > now;
    if (pace === undefined || isAhead(pace.busyUntil) || isAhead(pace.pausedUntil)) return null;
    const passedMs = Math.max(0, now.getTime() - pace.tokensAt.getTime());
    const tokens = Math.min(burst, pace.tokens + (passedMs * perMinute) / 60_000);
    if (tokens < 1) {
      // Out of the way until there is one: the look of every second has room for a few targets only.
      const pausedUntil = new Date(now.getTime() + ((1 - tokens) * 60_000) / perMinute);
      await tx.update(noticePaces).set({ pausedUntil }).where(eq(noticePaces.target, target));
      return null;
    }
    const waiting = await tx
      .select({ delivery: noticeDeliveries, notice: notices })
      .from(noticeDeliveries)
      .innerJoin(notices, eq(notices.id, noticeDeliveries.noticeId))
      .where(and(eq(targetOf, target), eq(noticeDeliveries.state, "waiting")))
      .orderBy(asc(noticeDeliveries.id))
      .limit(digestMax);
    if (waiting.length === 0) return null;
    const soon = tokens + (perMinute * patienceMs) / 60_000;
    await tx
      .update(noticePaces)
      .set({ tokens: tokens - 1, tokensAt: now, busyUntil: new Date(now.getTime() + leaseMs) })
      .where(eq(noticePaces.target, target));
    const alone = waiting.findIndex(({ notice }) => noticeRules[notice.kind].alone === true);
    const together = waiting.length <= soon ? 1 : alone === -1 ? waiting.length : Math.max(1, alone);
    return { target, channel, waiting: waiting.slice(0, together) };
  }

  async #send({ target, channel, waiting }: Batch): Promise<Verdict> {
    const { clock, consoleUrl } = this.#deps;
    if (channel === null) return this.#mail(target, waiting);
    if (!channel.active) return failed("The channel is switched off.");
    const ids = waiting.map(({ delivery }) => delivery.id);
    // Of exactly these notices: a receiver that has seen the id has seen all of them.
    const id = `msg_${createHash("sha256").update(ids.join()).digest("hex").slice(0, 32)}`;
    const [first] = waiting;
    const single = waiting.length === 1 && first !== undefined;
    return send(this.#deps, channel, messageFor(waiting, channel.language, consoleUrl), {
      id,
      now: clock.now(),
      kind: single ? first.notice.kind : "digest",
      data: single ? first.notice.data : { kinds: waiting.map(({ notice }) => notice.kind) },
    });
  }

  async #mail(userId: string, waiting: Waiting[]): Promise<Verdict> {
    const { db, mailer, consoleUrl } = this.#deps;
    const [person] = await db.select().from(users).where(eq(users.id, userId));
    if (mailer === null || person === undefined || person.disabledAt !== null)
      return failed("The person may not sign in any more.");
    const language = person.language ?? "en";
    const [first] = waiting;
    // A channel has many readers, and a digest many links: only a mail about one thing has a link of its reader's own.
    const own = waiting.length === 1 && first !== undefined ? this.#deps.ownLink(first.notice, userId) : null;
    const plain = messageFor(waiting, language, consoleUrl);
    const message = own === null || consoleUrl === null ? plain : withOwnLink(plain, consoleUrl + own.path, own.until);
    try {
      await mailer.send({ name: person.name, address: person.email }, renderNoticeMail(message));
      return { sent: true, text: "The mail server has taken it." };
    } catch (error) {
      // RFC 5321 §4.2.1: 5yz is for good.
      const code = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : 0;
      return failed(reasonOf(error), { retry: code < 500 });
    }
  }

  async #settle(tx: Transaction, { target, channel, waiting }: Batch, verdict: Verdict): Promise<void> {
    const now = this.#deps.clock.now();
    const again = !verdict.sent && verdict.retry;
    const [pace] = await tx.select().from(noticePaces).where(eq(noticePaces.target, target)).for("update");
    const failures = verdict.sent ? 0 : (pace?.failures ?? 0) + 1;
    const pauseMs = again ? Math.max(verdict.waitMs ?? 0, pausesMs[Math.min(failures, pausesMs.length) - 1] ?? 0) : 0;
    await tx
      .update(noticePaces)
      .set({ busyUntil: null, failures: again ? failures : 0, pausedUntil: again ? new Date(now.getTime() + pauseMs) : null })
      .where(eq(noticePaces.target, target));
    await tx
      .update(noticeDeliveries)
      .set({
        state: verdict.sent
          ? "sent"
          : again
            ? sql`case when attempts + 1 < ${attemptsMax} then 'waiting' else 'failed' end`
            : "failed",
        attempts: sql`attempts + 1`,
        answer: verdict.text,
        triedAt: now,
        together: waiting.length,
      })
      .where(
        inArray(
          noticeDeliveries.id,
          waiting.map(({ delivery }) => delivery.id),
        ),
      );
    if (channel !== null && !verdict.sent && verdict.gone) await switchOff(tx, channel, verdict.text, now);
  }
}

/** The receiver says that it is gone for good (Standard Webhooks: 410): nobody goes on telling it. */
async function switchOff(tx: Transaction, { id, orgId, name }: ChannelRow, reason: string, now: Date): Promise<void> {
  await tx.update(noticeChannels).set({ active: false, switchedOff: reason, updatedAt: now }).where(eq(noticeChannels.id, id));
  await recordAudit(tx, {
    kind: "notice-channel.switched-off",
    orgId,
    actor: null,
    subject: { kind: "notice-channel", id, name },
    ip: null,
    data: { reason },
  });
}

/** What notify() wrote is one of its kinds with that kind's data. */
const noticeOf = ({ kind, data }: NoticeRow): Notice => ({ kind, data }) as Notice;

export const messageOfRow = (row: NoticeRow, language: Language, consoleUrl: string | null): Message =>
  messageOf(noticeOf(row), language, consoleUrl);

function messageFor(waiting: Waiting[], language: Language, consoleUrl: string | null): Message {
  const [first, ...others] = waiting.map(({ notice }) => messageOfRow(notice, language, consoleUrl));
  if (first === undefined) throw new Error("a message of no notices");
  return others.length === 0 ? first : digestOf([first, ...others], language, consoleUrl);
}

/** Inboxes and the log of deliveries are for looking back at a quarter, not for keeping: what happened is in the audit log. */
const noticesKeptMs = 90 * 86_400_000;
/** Waiting for one target; a robot that is away for a day is told of the newest. */
export const waitingMax = 1_000;

/** Hourly: old notices go, and of what waits for one target the oldest beyond the most. */
export async function removeOldNotices(db: Database, now: Date): Promise<void> {
  await db.delete(notices).where(lt(notices.at, new Date(now.getTime() - noticesKeptMs)));
  const crowded = db
    .select({
      id: noticeDeliveries.id,
      place: sql<number>`row_number() over (partition by ${targetOf} order by ${noticeDeliveries.id} desc)`.as("place"),
    })
    .from(noticeDeliveries)
    .where(eq(noticeDeliveries.state, "waiting"))
    .as("crowded");
  await db
    .update(noticeDeliveries)
    .set({ state: "failed", answer: `More than ${waitingMax} waited; the newest are kept.` })
    .where(inArray(noticeDeliveries.id, db.select({ id: crowded.id }).from(crowded).where(gt(crowded.place, waitingMax))));
  const targets = db
    .select({ target: targetOf })
    .from(noticeDeliveries)
    .where(and(eq(noticeDeliveries.state, "waiting"), isNotNull(targetOf)));
  await db
    .delete(noticePaces)
    .where(and(lt(noticePaces.tokensAt, new Date(now.getTime() - 86_400_000)), notInArray(noticePaces.target, targets)));
}
