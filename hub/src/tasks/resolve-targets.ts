// Which assets a task means, now. Who may run on them is asked afterwards.
import { and, asc, eq, ilike, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { assetLabels, assetNodes, assets, nodeAncestors } from "../assets/schema.ts";
import { targetsMax } from "../automation/input.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { likeOf } from "../platform/paging.ts";
import type { Targets } from "./input.ts";
import { targetSets } from "./schema.ts";

/** Ids by name, each once. @throws HubError `too-many`. */
export async function resolveTargets(db: Queryable, orgId: string, wanted: Targets): Promise<string[]> {
  const sets =
    wanted.setIds.length === 0
      ? []
      : await db
          .select({ targets: targetSets.targets })
          .from(targetSets)
          .where(and(eq(targetSets.orgId, orgId), inArray(targetSets.id, wanted.setIds)));
  const conditions = [wanted, ...sets.map((set) => set.targets)].flatMap((one) => conditionsOf(db, one));
  if (conditions.length === 0) return [];
  const rows = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), isNull(assets.retiredAt), or(...conditions)))
    .orderBy(asc(assets.name), asc(assets.id))
    .limit(targetsMax + 1);
  if (rows.length > targetsMax)
    throw new HubError("too-many", `These targets mean more than ${targetsMax} assets, which is the most one run goes over.`);
  return rows.map(({ id }) => id);
}

function conditionsOf(db: Queryable, { assetIds, nodeIds, labels, where }: Targets): SQL[] {
  const conditions: SQL[] = [];
  if (assetIds.length > 0) conditions.push(sql`${assets.id} = any(${sql.param(assetIds)}::text[])`);
  if (nodeIds.length > 0)
    conditions.push(
      inArray(
        assets.id,
        db
          .select({ id: assetNodes.assetId })
          .from(assetNodes)
          .innerJoin(nodeAncestors, eq(nodeAncestors.nodeId, assetNodes.nodeId))
          .where(inArray(nodeAncestors.ancestorId, nodeIds)),
      ),
    );
  if (labels.length > 0)
    conditions.push(
      inArray(assets.id, db.select({ id: assetLabels.assetId }).from(assetLabels).where(inArray(assetLabels.label, labels))),
    );
  const pattern = where?.search === undefined ? undefined : likeOf(where.search);
  const every = and(
    where?.zoneId === undefined ? undefined : eq(assets.zoneId, where.zoneId),
    where?.category === undefined ? undefined : eq(assets.category, where.category),
    where?.platform === undefined ? undefined : eq(assets.platform, where.platform),
    pattern === undefined ? undefined : or(ilike(assets.name, pattern), ilike(assets.address, pattern)),
  );
  if (every !== undefined) conditions.push(every);
  return conditions;
}
