// Queries over grants, and what a person may reach.
import { and, desc, eq, gt, inArray, isNull, or } from "drizzle-orm";
import type { MayReach } from "../assets/present.ts";
import { type AssetRow, assets } from "../assets/schema.ts";
import { agents } from "../fleet/schema.ts";
import { type Actor, may } from "../identity/actor.ts";
import { type UserRow, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { type GrantRow, grants } from "./schema.ts";

const holding = (now: Date) => and(isNull(grants.revokedAt), or(isNull(grants.expiresAt), gt(grants.expiresAt, now)));

export async function listGrants(
  db: Queryable,
  orgId: string,
  filter: { userId?: string | undefined; assetId?: string | undefined },
  now: Date,
): Promise<{ grant: GrantRow; user: UserRow; asset: AssetRow; assetName: string }[]> {
  return db
    .select({ grant: grants, user: users, asset: assets, assetName: agents.name })
    .from(grants)
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(assets, eq(assets.id, grants.assetId))
    .innerJoin(agents, eq(agents.id, assets.agentId))
    .where(
      and(
        eq(grants.orgId, orgId),
        holding(now),
        filter.userId === undefined ? undefined : eq(grants.userId, filter.userId),
        filter.assetId === undefined ? undefined : eq(grants.assetId, filter.assetId),
      ),
    )
    .orderBy(desc(grants.createdAt))
    .limit(1_000);
}

export async function lockGrant(tx: Queryable, orgId: string, id: string): Promise<GrantRow | null> {
  const [row] = await tx
    .select()
    .from(grants)
    .where(and(eq(grants.orgId, orgId), eq(grants.id, id)))
    .for("update");
  return row ?? null;
}

/** What each asset offers a person. Administrators and auditors see all; others what they were granted. */
export async function reachOf(
  db: Queryable,
  actor: Actor,
  now: Date,
): Promise<{ onlyIds: string[] | null; of(assetId: string): MayReach }> {
  if (actor.role === "admin") return { onlyIds: null, of: () => ({ connect: true, run: true, why: null }) };
  if (!may(actor, "terminal.open")) return { onlyIds: null, of: () => ({ connect: false, run: false, why: "forbidden" }) };
  const rows = await db
    .select({ assetId: grants.assetId, actions: grants.actions })
    .from(grants)
    .where(and(eq(grants.userId, actor.id), holding(now)));
  const actionsOf = new Map<string, Set<string>>();
  for (const row of rows) actionsOf.set(row.assetId, new Set([...(actionsOf.get(row.assetId) ?? []), ...row.actions]));
  return {
    onlyIds: [...actionsOf.keys()],
    of: (assetId) => {
      const allowed = actionsOf.get(assetId) ?? new Set();
      const connect = allowed.has("connect");
      const run = allowed.has("run");
      return { connect, run, why: connect && run ? null : "no-grant" };
    },
  };
}

/** Grants that ended by time since `since`: what is open under them must end. */
export async function grantsExpiredBetween(db: Queryable, since: Date, now: Date): Promise<string[]> {
  const rows = await db
    .select({ id: grants.id, expiresAt: grants.expiresAt })
    .from(grants)
    .where(and(gt(grants.expiresAt, since), isNull(grants.revokedAt)));
  return rows.filter((row) => row.expiresAt !== null && row.expiresAt <= now).map((row) => row.id);
}

export async function markRevoked(tx: Queryable, ids: string[], by: { id: string; at: Date; reason: string }): Promise<void> {
  await tx.update(grants).set({ revokedAt: by.at, revokedBy: by.id, revokeReason: by.reason }).where(inArray(grants.id, ids));
}
