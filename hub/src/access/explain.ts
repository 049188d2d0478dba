// Why may this person reach this asset, or why not; and what would a change of grants alter. Reads only, with the same rules that decide.
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { accountsOf, findChosenAccount, openChoicesOn } from "../assets/account-choice.ts";
import { findAsset } from "../assets/assets.ts";
import { assets } from "../assets/schema.ts";
import { zonesWithOwnKey } from "../fleet/agents.ts";
import { belongs, findMember, membership, roleThere } from "../identity/members.ts";
import { groupMembers, organisationMembers, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { asWhom, decide, permissionFor } from "./authorize.ts";
import { findGrant, withNames } from "./grants.ts";
import { grantsOfPerson, grantsOnAssets, reachedBy } from "./held-grants.ts";
import { type WhyNot, whyNot } from "./holds.ts";
import { type Action, actions, type explain as explainInput, type GrantInput } from "./input.ts";
import { grantTargets } from "./schema.ts";

export type Explanation = {
  /** Why no grant is even looked at; null when they decide. */
  barred: "disabled" | "role" | "asset-off" | "asset-gone" | null;
  /** For each account and choice, what is allowed and by which grant. */
  accounts: {
    id: string;
    username: string;
    actions: { action: Action; grantId: string | null; why: WhyNot | "role" | null }[];
  }[];
  /** The grants that name both, with what they lack at this moment for connecting as the first account asked about. */
  grants: { id: string; name: string; subjects: string[]; targets: string[]; why: WhyNot | null }[];
};

/** @throws HubError `not-found` for a person or asset of another organisation. */
export async function explainAccess(
  db: Queryable,
  orgId: string,
  input: z.infer<typeof explainInput>,
  now: Date,
): Promise<Explanation> {
  const [user, target] = await Promise.all([findMember(db, orgId, input.userId), findAsset(db, orgId, input.assetId)]);
  if (user === null) throw notFound("person");
  if (target === null) throw notFound("asset");
  const { asset } = target;
  const circumstances = { now: input.at === undefined ? now : new Date(input.at), address: input.address ?? null };
  const protocol = input.protocol ?? asset.protocols[0]?.name ?? "tcp";
  const held = await grantsOfPerson(db, user);
  const on = (
    await grantsOnAssets(
      db,
      orgId,
      held.map(({ id }) => id),
      [asset.id],
    )
  ).get(asset.id);
  const named = held.filter(({ id }) => on?.has(id));
  const barred =
    user.disabledAt !== null
      ? "disabled"
      : !actions.some((action) => user.permissions.includes(permissionFor[action]))
        ? "role"
        : asset.retiredAt !== null
          ? "asset-gone"
          : !asset.active
            ? "asset-off"
            : null;
  const wished =
    input.account === undefined
      ? [
          ...(await accountsOf(db, asset.id))
            .filter(({ active }) => active)
            .map((account) => ({ choice: "account" as const, account })),
          ...openChoicesOn(asset, await zonesWithOwnKey(db, orgId, [asset.zoneId])).map((choice) => ({ choice, account: null })),
        ]
      : [await findChosenAccount(db, asset, input.account)];
  const first = wished[0];
  const full = await withNames(db, orgId, named);
  return {
    barred,
    accounts: wished.map((as) => {
      const decision = decide(named, asWhom(as, asset), protocol, { ...circumstances, critical: asset.critical });
      return {
        id: as.account?.id ?? as.choice,
        username: as.account?.username ?? "",
        actions: actions.map((action) => {
          if (!user.permissions.includes(permissionFor[action])) return { action, grantId: null, why: "role" as const };
          const grantId = barred === null ? decision.grantOf(action) : null;
          return { action, grantId, why: grantId === null ? decision.whyNot(action) : null };
        }),
      };
    }),
    grants: full.map(({ grant, subjects, targets }) => ({
      id: grant.id,
      name: grant.name,
      subjects: subjects.map(({ name }) => name),
      targets: targets.map(({ name }) => name),
      why:
        first === undefined
          ? null
          : whyNot(
              grant,
              { as: asWhom(first, asset), protocol, action: "connect" },
              { ...circumstances, critical: asset.critical },
            ),
    })),
  };
}

/** Pairs of person and asset that are compared at most; beyond, only the numbers are told. */
const pairsMax = 20_000;
const shownMax = 50;

export type Preview = {
  /** People and assets that the changed grant names. */
  people: number;
  assets: number;
  gains: { person: string; asset: string }[];
  loses: { person: string; asset: string }[];
  gained: number;
  lost: number;
  /** False when there were too many pairs to compare them. */
  complete: boolean;
};

/**
 * Who gains and who loses reaching what, if the grant `id` (null: none yet) became `wanted` (null: revoked). Compares pairs of person and asset over
 * all of their grants, so that what another grant gives anyway is neither gained nor lost. Time and networks are left aside.
 */
export async function previewGrant(db: Queryable, orgId: string, id: string | null, wanted: GrantInput | null): Promise<Preview> {
  const old = id === null ? null : await findGrant(db, orgId, id);
  if (id !== null && old === null) throw notFound("grant");
  const before =
    old === null || old.grant.revokedAt !== null || !old.grant.active ? [] : [{ subjects: old.subjects, targets: old.targets }];
  const after = wanted === null || !wanted.active ? [] : [{ subjects: wanted.subjects, targets: wanted.targets }];
  const [peopleBefore, peopleAfter, assetsBefore, assetsAfter] = await Promise.all([
    peopleOf(
      db,
      orgId,
      before.flatMap(({ subjects }) => subjects),
    ),
    peopleOf(
      db,
      orgId,
      after.flatMap(({ subjects }) => subjects),
    ),
    assetsOf(
      db,
      orgId,
      before.flatMap(({ targets }) => targets),
    ),
    assetsOf(
      db,
      orgId,
      after.flatMap(({ targets }) => targets),
    ),
  ]);
  const pairs = peopleBefore.size * assetsBefore.size + peopleAfter.size * assetsAfter.size;
  const sizes = { people: peopleAfter.size, assets: assetsAfter.size };
  if (pairs > pairsMax) return { ...sizes, gains: [], loses: [], gained: 0, lost: 0, complete: false };
  const names = { ...Object.fromEntries(peopleBefore), ...Object.fromEntries(peopleAfter) };
  const assetNames = { ...Object.fromEntries(assetsBefore), ...Object.fromEntries(assetsAfter) };
  const gains: Preview["gains"] = [];
  const loses: Preview["loses"] = [];
  for (const [userId, person] of Object.entries(names)) {
    const others = await reachedWithout(db, orgId, userId, id);
    for (const [assetId, asset] of Object.entries(assetNames)) {
      if (others === "all" || others.has(assetId)) continue;
      const had = peopleBefore.has(userId) && assetsBefore.has(assetId);
      const has = peopleAfter.has(userId) && assetsAfter.has(assetId);
      if (has && !had) gains.push({ person, asset });
      if (had && !has) loses.push({ person, asset });
    }
  }
  return {
    ...sizes,
    gains: gains.slice(0, shownMax),
    loses: loses.slice(0, shownMax),
    gained: gains.length,
    lost: loses.length,
    complete: true,
  };
}

async function reachedWithout(
  db: Queryable,
  orgId: string,
  userId: string,
  grantId: string | null,
): Promise<Set<string> | "all"> {
  const user = await findMember(db, orgId, userId);
  if (user === null) return new Set();
  const ids = (await grantsOfPerson(db, user)).filter(({ id, active }) => active && id !== grantId).map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const [all] = await db
    .select({ id: grantTargets.grantId })
    .from(grantTargets)
    .where(and(inArray(grantTargets.grantId, ids), eq(grantTargets.kind, "all")))
    .limit(1);
  if (all !== undefined) return "all";
  const rows = await db.select({ id: assets.id }).from(assets).where(reachedBy(orgId, ids));
  return new Set(rows.map((row) => row.id));
}

/** Name by id of the people that subjects mean. */
async function peopleOf(db: Queryable, orgId: string, subjects: { kind: string; id: string }[]): Promise<Map<string, string>> {
  const ids = (kind: string) => subjects.filter((subject) => subject.kind === kind).map(({ id }) => id);
  if (subjects.length === 0) return new Map();
  const members = db
    .select({ id: groupMembers.userId })
    .from(groupMembers)
    .where(inArray(groupMembers.groupId, ["", ...ids("group")]));
  const rows = await db
    .select({ id: users.id, name: users.name })
    .from(users)
    .leftJoin(organisationMembers, membership(orgId))
    .where(
      and(
        belongs(orgId),
        isNull(users.disabledAt),
        sql`(${inArray(users.id, ["", ...ids("user")])} or ${inArray(users.id, members)} or ${roleThere} = any(${sql.param(ids("role"))}::text[]))`,
      ),
    );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function assetsOf(db: Queryable, orgId: string, targets: { kind: string; id: string }[]): Promise<Map<string, string>> {
  const ids = (kind: string) => targets.filter((target) => target.kind === kind).map(({ id }) => id);
  if (targets.length === 0) return new Map();
  const meant = sql`select unnest(${sql.param(ids("asset"))}::text[])
    union select an.asset_id from node_ancestors na join asset_nodes an on an.node_id = na.node_id where na.ancestor_id = any(${sql.param(ids("node"))}::text[])
    union select l.asset_id from asset_labels l where l.org_id = ${orgId} and l.label = any(${sql.param(ids("label"))}::text[])`;
  const rows = await db
    .select({ id: assets.id, name: assets.name })
    .from(assets)
    .where(
      and(eq(assets.orgId, orgId), isNull(assets.retiredAt), ids("all").length > 0 ? undefined : sql`${assets.id} in (${meant})`),
    )
    .limit(pairsMax + 1);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
