// Works the queue off: one thing at a time on an asset, some assets at a time. The only caller of what changes accounts on assets.
import { and, eq, isNotNull, isNull, lt, not, or, sql } from "drizzle-orm";
import { findAsset } from "../assets/assets.ts";
import { findAccount } from "../assets/manage-accounts.ts";
import { accounts, accountTemplates, assets } from "../assets/schema.ts";
import { errorFields } from "../platform/log.ts";
import type { CustodyDeps } from "./deps.ts";
import { pushByPrivileged } from "./push-account.ts";
import { rotateSecret } from "./rotate-secret.ts";
import { accountTasks, type TaskRow } from "./schema.ts";
import type { Attempt } from "./task-record.ts";
import { addTasks, putBackTasks, takeTask } from "./tasks.ts";
import { verifyAccount } from "./verify-account.ts";

/** Each is an SSH handshake on somebody's agent and a key read in this one; the rest waits in its table. */
const atOnceMax = 8;
/** Between looks for what is due; what is asked for begins at once. */
export const lookForTasksEveryMs = 1_000;
/** Between looks for accounts whose secret is old enough: rules count days. */
export const lookForOldSecretsEveryMs = 60_000;

const minuteMs = 60_000;
/** A rotation that failed is tried again after these: a host that restarts, a network that is mended, a night. Then a person has to look. */
const pausesMs = [1, 5, 30, 120, 360, 720].map((minutes) => minutes * minuteMs);
/** A rotation by schedule that was given up begins anew after this. */
const givenUpMs = 24 * 60 * minuteMs;

export class CustodyWorker {
  readonly #deps: CustodyDeps;
  /** Assets where something runs. */
  readonly #busy = new Map<string, Promise<void>>();
  #closing = false;
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  constructor(deps: CustodyDeps) {
    this.#deps = deps;
  }

  /** What was running when the hub died is done again. Old secrets are looked for at once: a hub that is restarted often would never come to it. */
  async start(): Promise<void> {
    await putBackTasks(this.#deps.assets.db);
    await this.addDueRotations();
  }

  /** Takes what is due. Safe to call at any time. */
  look(): Promise<void> {
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return this.#looking;
    }
    this.#looking = this.#take().finally(() => {
      this.#looking = null;
      if (!this.#lookAgain) return;
      this.#lookAgain = false;
      void this.look().catch((error: unknown) => this.#deps.sessions.log.error(errorFields(error), "work on accounts not taken"));
    });
    return this.#looking;
  }

  /** Adds a rotation for each account whose secret is as old as its rule allows. */
  async addDueRotations(): Promise<void> {
    const { db, clock } = this.#deps.assets;
    const now = clock.now();
    const nowText = now.toISOString();
    const since = sql`coalesce(${accounts.rotatedAt}, ${accounts.createdAt})`;
    const due = await db
      .select({ account: accounts })
      .from(accounts)
      .innerJoin(assets, eq(assets.id, accounts.assetId))
      .leftJoin(accountTemplates, eq(accountTemplates.id, accounts.templateId))
      .where(
        and(
          isNull(accounts.retiredAt),
          // Most have neither, and are passed over before anything is computed.
          or(isNotNull(accounts.rotateEveryDays), isNotNull(accounts.templateId)),
          isNull(assets.retiredAt),
          eq(accounts.active, true),
          eq(assets.active, true),
          sql`${since} + make_interval(days => coalesce(${accounts.rotateEveryDays}, ${accountTemplates.rotateEveryDays})) <= ${nowText}::timestamptz`,
          not(
            sql`exists (select 1 from ${accountTasks} where ${accountTasks.accountId} = ${accounts.id} and ${accountTasks.kind} = 'rotate'
              and (${accountTasks.endedAt} is null or (${accountTasks.state} = 'failed' and ${accountTasks.endedAt} > ${new Date(now.getTime() - givenUpMs).toISOString()}::timestamptz)))`,
          ),
        ),
      )
      .limit(1_000);
    await db.transaction((tx) =>
      addTasks(
        tx,
        "rotate",
        due.map(({ account }) => account),
        { by: null, now },
      ),
    );
    // Records of work are for the panel; what happened is in the audit log.
    await db
      .delete(accountTasks)
      .where(and(or(eq(accountTasks.state, "done"), eq(accountTasks.state, "failed")), lt(accountTasks.endedAt, keptSince(now))));
  }

  /** Call after the links are gone, so that nothing is waited for; what was running is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  async #take(): Promise<void> {
    const { db, clock } = this.#deps.assets;
    while (!this.#closing && this.#busy.size < atOnceMax) {
      const task = await takeTask(db, [...this.#busy.keys()], clock.now());
      if (task === null) return;
      const work = this.#workOn(task).finally(() => {
        this.#busy.delete(task.assetId);
        if (!this.#closing)
          void this.look().catch((error: unknown) =>
            this.#deps.sessions.log.error(errorFields(error), "work on accounts not taken"),
          );
      });
      this.#busy.set(task.assetId, work);
    }
  }

  async #workOn(task: TaskRow): Promise<void> {
    const { log } = this.#deps.sessions;
    const { changes } = this.#deps.assets;
    changes.announce(task.orgId, "assets", task.assetId);
    let attempt: Attempt;
    try {
      attempt = await this.#attempt(task);
    } catch (error) {
      log.error({ task: task.id, kind: task.kind, ...errorFields(error) }, "work on an account failed");
      attempt = { code: "failed", agent: null };
    }
    if (this.#closing && attempt.code !== "works") return;
    await this.#settle(task, attempt).catch((error: unknown) =>
      log.error({ task: task.id, ...errorFields(error) }, "work on an account not settled"),
    );
    changes.announce(task.orgId, "assets", task.assetId);
  }

  async #attempt(task: TaskRow): Promise<Attempt> {
    const { db } = this.#deps.assets;
    const account = await findAccount(db, task.orgId, task.accountId);
    const target = await findAsset(db, task.orgId, task.assetId);
    if (account === null || target === null || target.asset.retiredAt !== null) return { code: "gone", agent: null };
    if (!target.asset.active) return { code: "asset-off", agent: null };
    switch (task.kind) {
      case "verify":
        return verifyAccount(this.#deps, task, { target, account });
      case "push":
        return pushByPrivileged(this.#deps, task, { target, account });
      case "rotate":
        return rotateSecret(this.#deps, task, { target, account });
    }
  }

  async #settle(task: TaskRow, { code, agent }: Attempt): Promise<void> {
    const { db, clock } = this.#deps.assets;
    const now = clock.now();
    const pause = task.kind === "rotate" && code !== "works" && code !== "gone" ? pausesMs[task.attempts - 1] : undefined;
    const how =
      pause === undefined
        ? { state: code === "works" ? ("done" as const) : ("failed" as const), endedAt: now }
        : { state: "waiting" as const, dueAt: new Date(now.getTime() + pause) };
    await db
      .update(accountTasks)
      .set({ ...how, code, agent })
      .where(eq(accountTasks.id, task.id));
  }
}

const keptMs = 90 * 24 * 60 * minuteMs;
const keptSince = (now: Date): Date => new Date(now.getTime() - keptMs);
