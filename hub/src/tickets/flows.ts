// Which flow a request goes through, and what may be asked for at all: an asset that no flow names cannot be asked for, and is not told of.
import { and, asc, eq, ilike, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import { assets } from "../assets/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { likeOf } from "../platform/paging.ts";
import type { Askable, FlowMatch, findRequestable as findRequestableInput, Level } from "./input.ts";
import { askableKindOf, assetIdsOf } from "./kinds/kinds.ts";
import { type FlowRow, ticketFlows } from "./schema.ts";

/** Whoever does not find it types more. */
const shownMax = 50;

export const flowsOf = (db: Queryable, orgId: string): Promise<FlowRow[]> =>
  db
    .select()
    .from(ticketFlows)
    .where(eq(ticketFlows.orgId, orgId))
    .orderBy(asc(ticketFlows.position), asc(ticketFlows.createdAt), asc(ticketFlows.id));

/** The first flow that covers all of it. @throws HubError `no-flow` naming what none covers, `not-found` for an asset that is not there. */
export async function flowFor(db: Queryable, orgId: string, asked: Askable): Promise<FlowRow> {
  const assetIds = [...new Set(assetIdsOf(asked))];
  const found = await db
    .select({ id: assets.id, name: assets.name })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), inArray(assets.id, assetIds), isNull(assets.retiredAt)));
  const privileged = await askableKindOf(asked).namesPrivileged(db, orgId, asked);
  const covered = new Set<string>();
  for (const flow of await flowsOf(db, orgId)) {
    if (!flow.active || !flow.match.kinds.includes(asked.kind)) continue;
    if (flow.match.privileged !== null && flow.match.privileged !== privileged) continue;
    const named = await amongTargets(db, orgId, flow.match, assetIds);
    if (named.length === assetIds.length) return flow;
    for (const id of named) covered.add(id);
  }
  const names = found.filter(({ id }) => !covered.has(id)).map(({ name }) => name);
  // What nobody may ask for is told apart from what is not there by nothing.
  if (names.length > 0 || found.length < assetIds.length)
    throw new HubError(
      "no-flow",
      "No flow of your organisation says who would decide this, so it cannot be asked for. Ask an administrator.",
    );
  throw new HubError("no-flow", "Different people decide about these assets. Ask for them in separate requests.", {
    facts: { reason: "separate" },
  });
}

async function amongTargets(db: Queryable, orgId: string, match: FlowMatch, assetIds: string[]): Promise<string[]> {
  const rows = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), isNull(assets.retiredAt), inArray(assets.id, assetIds), isNamed(match)));
  return rows.map(({ id }) => id);
}

/** Does any flow cover requests of this kind for it? */
export async function isRequestable(db: Queryable, orgId: string, kind: Askable["kind"], assetId: string): Promise<boolean> {
  for (const { active, match } of await flowsOf(db, orgId))
    if (active && match.kinds.includes(kind) && (await amongTargets(db, orgId, match, [assetId])).length > 0) return true;
  return false;
}

/** A condition on assets: one of the flow's targets names it. */
function isNamed({ targets }: FlowMatch) {
  const of = (kind: string) => sql.param(targets.filter((one) => one.kind === kind).map(({ id }) => id));
  return or(
    targets.some(({ kind }) => kind === "all") ? sql`true` : undefined,
    sql`${assets.id} = any(${of("asset")}::text[])`,
    sql`exists (select 1 from asset_nodes an join node_ancestors na on na.node_id = an.node_id
      where an.asset_id = ${assets.id} and na.ancestor_id = any(${of("node")}::text[]))`,
    sql`exists (select 1 from asset_labels l where l.asset_id = ${assets.id} and l.label = any(${of("label")}::text[]))`,
  );
}

/** What the flows name, by id: people, groups, roles that were made, assets and nodes. What is gone is missing. */
export const namesIn = (db: Queryable, orgId: string, flows: FlowRow[]): Promise<Record<string, string>> =>
  namesOfIds(
    db,
    orgId,
    flows.flatMap(({ match, levels, auto }) => [
      ...match.targets.map(({ id }) => id),
      ...levels.flatMap(idsOfLevel),
      ...(auto?.groupIds ?? []),
    ]),
  );

export const idsOfLevel = ({ approvers, escalateTo }: Level): string[] =>
  [...approvers, ...escalateTo].flatMap((one) => ("id" in one ? [one.id] : []));

/** Of people, groups, roles that were made, assets and nodes. What is gone, and of what it is none, is missing. */
export async function namesOfIds(db: Queryable, orgId: string, ids: string[]): Promise<Record<string, string>> {
  const wanted = sql.param([...new Set(ids)]);
  const rows = await db.execute<{ id: string; name: string }>(sql`
    select id, name from users where id = any(${wanted}::text[]) and (org_id = ${orgId}
      or exists (select 1 from organisation_members m where m.user_id = users.id and m.org_id = ${orgId}))
    union all select id, name from groups where org_id = ${orgId} and id = any(${wanted}::text[])
    union all select id, name from roles where org_id = ${orgId} and id = any(${wanted}::text[])
    union all select id, name from assets where org_id = ${orgId} and id = any(${wanted}::text[])
    union all select id, name from nodes where org_id = ${orgId} and id = any(${wanted}::text[])`);
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}

export type Requestable = { id: string; name: string; platform: string; accounts: string[] };

/** What somebody may ask for: names, and the user names of its accounts; nothing else of an asset that he does not reach. */
export async function findRequestable(
  db: Queryable,
  orgId: string,
  { kind, search, ids }: z.infer<typeof findRequestableInput>,
): Promise<{ items: Requestable[]; more: boolean }> {
  const matches = (await flowsOf(db, orgId))
    .filter(({ active, match }) => active && match.kinds.includes(kind))
    .map((flow) => flow.match);
  // A request for a database needs one that can be talked to.
  const isFit =
    kind === "database"
      ? sql`jsonb_path_exists(${assets.protocols}, '$[*].name ? (@ == "mysql" || @ == "mariadb" || @ == "postgresql")')`
      : undefined;
  if (matches.length === 0) return { items: [], more: false };
  const isMeant = ids === undefined ? undefined : inArray(assets.id, ids);
  return findByName(db, orgId, search, and(or(...matches.map(isNamed)), isFit, isMeant));
}

/** Any asset that is not switched off: what somebody may take in an emergency. Who may is the caller's to ask. */
export const findAnyAsset = (db: Queryable, orgId: string, search: string) => findByName(db, orgId, search, undefined);

async function findByName(db: Queryable, orgId: string, search: string, which: SQL | undefined) {
  const rows = await db
    .select({
      id: assets.id,
      name: assets.name,
      platform: assets.platform,
      // The agent's own first: of a host that it runs on it needs nothing of the vault.
      accounts: sql<string[]>`(case when ${assets.agentId} is null then '{}'::text[] else array['@agent'] end) ||
        coalesce((select array_agg(distinct a.username order by a.username) from accounts a where a.asset_id = ${assets.id}), '{}')`,
    })
    .from(assets)
    .where(
      and(
        eq(assets.orgId, orgId),
        eq(assets.active, true),
        isNull(assets.retiredAt),
        search === "" ? undefined : ilike(assets.name, likeOf(search)),
        which,
      ),
    )
    .orderBy(asc(assets.name), asc(assets.id))
    .limit(shownMax + 1);
  return { items: rows.slice(0, shownMax), more: rows.length > shownMax };
}
