// Looks after the accounts of requests: those that are due, one at a time on a server, some servers at a time.
import { and, asc, eq, isNull, notInArray, or } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { isCorrected } from "./corrected.ts";
import type { DatabaseDeps } from "./deps.ts";
import { LinkedLately } from "./linked-lately.ts";
import { headOf, lookAfterAccount } from "./look-after-account.ts";
import { type DatabaseAccountRow, databaseAccounts } from "./schema.ts";
import { isDue, wantedOf } from "./wants.ts";

/** Each is a few connections through somebody's agent. */
const atOnceMax = 4;
/** Access that ended is to be gone within seconds. */
export const lookForDueAccountsEveryMs = 1_000;
/** After a failure: a server that restarts, an administrator who reads his mail. It is never given up. A link that comes back or a correction ends the pause. */
const pausesMs = [5, 15, 60, 300, 900].map((seconds) => seconds * 1_000);

export class DatabaseAccounts {
  readonly #deps: DatabaseDeps;
  /** Servers where one is looked after. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #linkedLately: LinkedLately;
  #closing = false;

  constructor(deps: DatabaseDeps) {
    this.#deps = deps;
    this.#linkedLately = new LinkedLately(deps);
  }

  /** Begins with what is due. Safe to call at any time. */
  async look(): Promise<void> {
    const { db, clock } = this.#deps;
    while (!this.#closing && this.#busy.size < atOnceMax) {
      const busy = [...this.#busy.keys()];
      const now = clock.now();
      const [due] = await db
        .select()
        .from(databaseAccounts)
        .where(
          and(
            isNull(databaseAccounts.endedAt),
            busy.length === 0 ? undefined : notInArray(databaseAccounts.assetId, busy),
            or(isDue(now), isCorrected, this.#linkedLately.isReachedAgain(now) ?? undefined),
          ),
        )
        .orderBy(asc(databaseAccounts.dueAt))
        .limit(1);
      if (due === undefined || this.#busy.has(due.assetId)) return;
      const work = this.#lookAfter(due).finally(() => this.#busy.delete(due.assetId));
      this.#busy.set(due.assetId, work);
    }
  }

  /** Call after the links are gone, so that no server is waited for. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#linkedLately.close();
    await Promise.all(this.#busy.values());
  }

  async #lookAfter(row: DatabaseAccountRow): Promise<void> {
    const { log, changes, clock } = this.#deps;
    const begunAt = clock.now();
    try {
      await lookAfterAccount(this.#deps, row);
    } catch (error) {
      if (this.#closing) return;
      const code = error instanceof HubError ? error.code : "failed";
      if (code === "failed")
        log.error({ account: row.id, ...errorFields(error) }, "an account of a database was not looked after");
      await this.#putOff(row, { code, begunAt }).catch((cause: unknown) =>
        log.error({ account: row.id, ...errorFields(cause) }, "a failure was not noted"),
      );
    }
    changes.announce(row.orgId, "tickets", null);
  }

  /** @param failed.begunAt of the look: an agent that linked since was not there for it. */
  async #putOff(row: DatabaseAccountRow, { code: failure, begunAt }: { code: string; begunAt: Date }): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const pause = pausesMs[Math.min(row.attempts, pausesMs.length - 1)] ?? 0;
    // What was wanted now is not tried again before its pause; what is wanted otherwise is.
    const { held } = await wantedOf(db, row.id, now);
    await db.transaction(async (tx) => {
      await tx
        .update(databaseAccounts)
        .set({ failure, attempts: row.attempts + 1, seen: held, dueAt: new Date(now.getTime() + pause), lookedAt: begunAt })
        .where(eq(databaseAccounts.id, row.id));
      // Once for each reason, not for each try.
      if (failure !== row.failure)
        await recordAudit(tx, { ...headOf(row), kind: "database-account.failed", data: { assetId: row.assetId, code: failure } });
    });
  }
}
