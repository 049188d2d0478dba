// What a person may reach, for lists: which assets, and what on each of a page of them.
import { and, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { openChoicesOn } from "../assets/account-choice.ts";
import type { AssetInZone } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { zonesWithOwnKey } from "../fleet/agents.ts";
import { type Actor, may } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { asWhom, decide, permissionFor } from "./authorize.ts";
import { grantsOfPerson, grantsOnAssets, reachedBy } from "./held-grants.ts";
import { type Moment, whyNotNow } from "./holds.ts";
import { type Action, actions } from "./input.ts";
import { type GrantRow, grantTargets } from "./schema.ts";

/** As whom he may reach an asset, and what he may do then; forwarding is nobody's. `id` is an account's, or the choice itself. */
export type Offer = { id: string; username: string; actions: Action[] };
/** endsAt: when something of it ends by time, if that is soon. */
export type MayReach = { connect: boolean; run: boolean; why: string | null; accounts: Offer[]; endsAt: Date | null };

export const nothing = (why: string): MayReach => ({ connect: false, run: false, why, accounts: [], endsAt: null });

/** As far ahead as people are told of an end; see notice-ends.ts. */
const soonMs = 7 * 86_400_000;

export class Reach {
  readonly #orgId: string;
  /** What his role lets him do where a grant does. */
  readonly #permitted: readonly Action[];
  readonly #grants: GrantRow[];
  readonly #circumstances: Moment;
  /** The condition on `assets`; undefined for all. */
  readonly only: SQL | undefined;

  private constructor(actor: Actor, grants: GrantRow[], circumstances: Moment, only: SQL | undefined) {
    this.#orgId = actor.orgId;
    this.#permitted = actions.filter((action) => may(actor, permissionFor[action]));
    this.#grants = grants;
    this.#circumstances = circumstances;
    this.only = only;
  }

  /** Through the grants that hold now. */
  static async of(db: Queryable, actor: Actor, now: Date): Promise<Reach> {
    const circumstances = { now, address: actor.ip };
    const none = new Reach(actor, [], circumstances, sql`false`);
    if (none.#permitted.length === 0) return none;
    const grants = (await grantsOfPerson(db, actor)).filter((grant) => whyNotNow(grant, circumstances) === null);
    if (grants.length === 0) return none;
    const ids = grants.map(({ id }) => id);
    const [all] = await db
      .select({ id: grantTargets.grantId })
      .from(grantTargets)
      .where(and(inArray(grantTargets.grantId, ids), sql`${grantTargets.kind} = 'all'`))
      .limit(1);
    return new Reach(actor, grants, circumstances, all === undefined ? reachedBy(actor.orgId, ids) : undefined);
  }

  /** What each of these assets offers him. One question for a page. */
  async offers(db: Queryable, rows: AssetInZone[]): Promise<(assetId: string) => MayReach> {
    const ids = rows.map(({ asset }) => asset.id);
    if (ids.length === 0) return () => nothing("no-grant");
    const [on, vault, ownKeys] = await Promise.all([
      grantsOnAssets(
        db,
        this.#orgId,
        this.#grants.map(({ id }) => id),
        ids,
      ),
      db
        .select()
        .from(accounts)
        .where(and(inArray(accounts.assetId, ids), isNull(accounts.retiredAt))),
      zonesWithOwnKey(db, this.#orgId, [...new Set(rows.map(({ zone }) => zone.id))]),
    ]);
    const offers = new Map(
      rows.map((row) => {
        const held = this.#grants.filter(({ id }) => on.get(row.asset.id)?.has(id));
        return [
          row.asset.id,
          this.#offersOn(
            row,
            held,
            vault.filter(({ assetId, active }) => active && assetId === row.asset.id),
            ownKeys,
          ),
        ];
      }),
    );
    return (assetId) => offers.get(assetId) ?? nothing("no-grant");
  }

  #offersOn({ asset, agent }: AssetInZone, held: GrantRow[], vault: AccountRow[], ownKeys: ReadonlySet<string>): MayReach {
    if (held.length === 0) return nothing("no-grant");
    const main = asset.protocols[0]?.name ?? "tcp";
    const choices = [
      ...vault.map((account) => ({ id: account.id, username: account.username, as: { choice: "account" as const, account } })),
      ...openChoicesOn(asset, ownKeys).map((choice) => ({
        id: choice,
        username: agent?.facts?.user ?? "",
        as: { choice, account: null },
      })),
    ];
    const offersOf = (grants: GrantRow[]) =>
      choices.flatMap(({ id, username, as }): Offer[] => {
        const allowed = decide(grants, asWhom(as, asset), main, { ...this.#circumstances, critical: asset.critical }).actions;
        const his = this.#permitted.filter((action) => action !== "forward" && allowed.has(action));
        return his.length === 0 ? [] : [{ id, username, actions: his }];
      });
    const offered = offersOf(held);
    const may = (action: Action) => asset.active && offered.some((one) => one.actions.includes(action));
    const [connect, run] = [may("connect"), may("run")];
    return {
      connect,
      run,
      why: !asset.active ? "asset-off" : connect && run ? null : "no-grant",
      accounts: asset.active ? offered : [],
      endsAt: asset.active ? this.#firstLoss(held, offersOf) : null,
    };
  }

  /** The first end by which he can do less here: a grant whose like lasts longer takes nothing with it. */
  #firstLoss(held: GrantRow[], offersOf: (grants: GrantRow[]) => Offer[]): Date | null {
    const soon = this.#circumstances.now.getTime() + soonMs;
    const ends = held.flatMap(({ expiresAt }) =>
      expiresAt !== null && expiresAt.getTime() <= soon ? [expiresAt.getTime()] : [],
    );
    const allowed = (grants: GrantRow[]) => offersOf(grants).reduce((sum, { actions: his }) => sum + his.length, 0);
    for (const end of [...new Set(ends)].sort((a, b) => a - b))
      if (allowed(held.filter(({ expiresAt }) => expiresAt === null || expiresAt.getTime() > end)) < allowed(held))
        return new Date(end);
    return null;
  }
}
