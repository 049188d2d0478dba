// The tree: nodes with nodes under them, and assets in any number of nodes. Every change keeps node_ancestors whole, in its transaction.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { isUniqueViolation, type Queryable, type Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { AssetDeps } from "./deps.ts";
import { assetNodes, assets, type NodeRow, nodeAncestors, nodes } from "./schema.ts";

/** Deeper than any organisation, and what bounds the rows of one asset's ancestors. */
const depthMax = 16;
/** JumpServer's largest trees known have a few thousand. */
const nodesMax = 50_000;

const subjectOf = ({ id, name }: { id: string; name: string }) => ({ kind: "node" as const, id, name });
const nameTaken = (name: string) =>
  new HubError("name-taken", `There is already a node called ${name} in this place.`, { facts: { name } });

/** The children of a node, with how many assets lie under each. @param only as in listAssets. */
export async function listNodes(
  db: Queryable,
  orgId: string,
  parentId: string | null,
  only: SQL | undefined,
): Promise<{ id: string; name: string; parentId: string | null; assets: number; children: number }[]> {
  const rows = await db
    .select()
    .from(nodes)
    .where(and(eq(nodes.orgId, orgId), parentId === null ? isNull(nodes.parentId) : eq(nodes.parentId, parentId)))
    .orderBy(asc(nodes.name));
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const [counted, children] = await Promise.all([
    db
      .select({ id: nodeAncestors.ancestorId, assets: sql<number>`count(distinct ${assetNodes.assetId})::int` })
      .from(nodeAncestors)
      .innerJoin(assetNodes, eq(assetNodes.nodeId, nodeAncestors.nodeId))
      .innerJoin(assets, eq(assets.id, assetNodes.assetId))
      .where(and(inArray(nodeAncestors.ancestorId, ids), isNull(assets.retiredAt), only))
      .groupBy(nodeAncestors.ancestorId),
    db.select({ id: nodes.parentId, children: count() }).from(nodes).where(inArray(nodes.parentId, ids)).groupBy(nodes.parentId),
  ]);
  return rows.map(({ id, name, parentId: parent }) => ({
    id,
    name,
    parentId: parent,
    assets: counted.find((row) => row.id === id)?.assets ?? 0,
    children: children.find((row) => row.id === id)?.children ?? 0,
  }));
}

/** `/Production/Web` of each node. */
export async function pathsOf(db: Queryable, orgId: string, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: nodeAncestors.nodeId, ancestor: nodes })
    .from(nodeAncestors)
    .innerJoin(nodes, eq(nodes.id, nodeAncestors.ancestorId))
    .where(and(eq(nodes.orgId, orgId), inArray(nodeAncestors.nodeId, ids)));
  const above = new Map(rows.map(({ ancestor }) => [ancestor.id, ancestor]));
  const pathOf = (node: NodeRow | undefined): string =>
    node === undefined ? "" : `${node.parentId === null ? "" : pathOf(above.get(node.parentId))}/${node.name}`;
  return new Map(ids.flatMap((id) => (above.has(id) ? [[id, pathOf(above.get(id))]] : [])));
}

/** @throws HubError `not-found`, `name-taken`, `too-many`. */
export async function createNode(
  { db, clock, changes }: AssetDeps,
  actor: Actor,
  { parentId, name }: { parentId: string | null; name: string },
): Promise<string> {
  assertMay(actor, "assets.manage");
  const node: NodeRow = { id: newId("nod"), orgId: actor.orgId, parentId, name, createdAt: clock.now() };
  await db
    .transaction(async (tx) => {
      await lockTree(tx, actor.orgId);
      const above = parentId === null ? [] : await ancestorsOf(tx, actor.orgId, parentId);
      assertDepth(above.length + 1);
      const [held] = await tx.select({ nodes: count() }).from(nodes).where(eq(nodes.orgId, actor.orgId));
      if ((held?.nodes ?? 0) >= nodesMax)
        throw new HubError("too-many", `The tree has ${nodesMax} nodes already.`, { facts: { most: nodesMax } });
      await tx.insert(nodes).values(node);
      await tx.insert(nodeAncestors).values([node.id, ...above].map((ancestorId) => ({ nodeId: node.id, ancestorId })));
      await recordAudit(tx, {
        kind: "node.created",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(node),
        ip: actor.ip,
        data: { parentId },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(name) : error;
    });
  changes.announce(actor.orgId, "assets");
  return node.id;
}

/** @throws HubError `not-found`, `name-taken`. */
export async function renameNode(
  { db, changes }: AssetDeps,
  actor: Actor,
  { id, name }: { id: string; name: string },
): Promise<void> {
  assertMay(actor, "assets.manage");
  await db
    .transaction(async (tx) => {
      const node = await findNode(tx, actor.orgId, id);
      await tx.update(nodes).set({ name }).where(eq(nodes.id, id));
      await recordAudit(tx, {
        kind: "node.renamed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf({ id, name }),
        ip: actor.ip,
        data: { before: node.name, after: name },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(name) : error;
    });
  changes.announce(actor.orgId, "assets");
}

/**
 * Moves a node with everything under it. Who reached it through a node above may lose it: live sessions are looked at before this resolves.
 *
 * @throws HubError `not-found`, `name-taken`, `conflict` for a place under itself, `too-many` when the tree would get too deep.
 */
export async function moveNode(
  { db, changes, accessChanged }: AssetDeps,
  actor: Actor,
  { id, parentId }: { id: string; parentId: string | null },
): Promise<void> {
  assertMay(actor, "assets.manage");
  await db
    .transaction(async (tx) => {
      await lockTree(tx, actor.orgId);
      const node = await findNode(tx, actor.orgId, id);
      if (node.parentId === parentId) return;
      const above = parentId === null ? [] : await ancestorsOf(tx, actor.orgId, parentId);
      if (above.includes(id)) throw new HubError("conflict", "A node cannot be moved to a place under itself.");
      const below = await tx.select({ id: nodeAncestors.nodeId }).from(nodeAncestors).where(eq(nodeAncestors.ancestorId, id));
      const moved = below.map((row) => row.id);
      const inner = await tx.select().from(nodeAncestors).where(inArray(nodeAncestors.nodeId, moved));
      const deepest = Math.max(
        ...moved.map((one) => inner.filter((row) => row.nodeId === one && moved.includes(row.ancestorId)).length),
      );
      assertDepth(above.length + deepest);
      await tx.execute(
        sql`delete from node_ancestors where node_id = any(${sql.param(moved)}::text[]) and not ancestor_id = any(${sql.param(moved)}::text[])`,
      );
      if (above.length > 0)
        await tx.execute(
          sql`insert into node_ancestors (node_id, ancestor_id) select n, a from unnest(${sql.param(moved)}::text[]) n cross join unnest(${sql.param(above)}::text[]) a`,
        );
      await tx.update(nodes).set({ parentId }).where(eq(nodes.id, id));
      await recordAudit(tx, {
        kind: "node.moved",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(node),
        ip: actor.ip,
        data: { before: node.parentId, after: parentId },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? new HubError("name-taken", "There is already a node of this name in that place.") : error;
    });
  await accessChanged(actor.orgId);
  changes.announce(actor.orgId, "assets");
}

/** Removes an empty node. Grants that name it then name nothing: its id never comes back. @throws HubError `not-found`, `conflict` when something lies under it. */
export async function deleteNode({ db, changes, accessChanged }: AssetDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "assets.manage");
  await db.transaction(async (tx) => {
    await lockTree(tx, actor.orgId);
    const node = await findNode(tx, actor.orgId, id);
    const [child] = await tx.select({ id: nodes.id }).from(nodes).where(eq(nodes.parentId, id)).limit(1);
    const [asset] = await tx
      .select({ id: assets.id })
      .from(assetNodes)
      .innerJoin(assets, eq(assets.id, assetNodes.assetId))
      .where(and(eq(assetNodes.nodeId, id), isNull(assets.retiredAt)))
      .limit(1);
    if (child !== undefined || asset !== undefined)
      throw new HubError("conflict", "Something lies under this node. Move it away first.");
    await tx.delete(nodes).where(eq(nodes.id, id));
    await recordAudit(tx, {
      kind: "node.deleted",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(node),
      ip: actor.ip,
      data: {},
    });
  });
  await accessChanged(actor.orgId);
  changes.announce(actor.orgId, "assets");
}

/** Puts assets into a node or takes them out. @throws HubError `not-found` when one of them is not of this organisation; then none is moved. */
export async function placeAssets(
  { db, changes, accessChanged }: AssetDeps,
  actor: Actor,
  input: { nodeId: string; assetIds: string[]; in: boolean },
): Promise<void> {
  assertMay(actor, "assets.manage");
  const wanted = [...new Set(input.assetIds)];
  await db.transaction(async (tx) => {
    const node = await findNode(tx, actor.orgId, input.nodeId);
    const found = await tx
      .select({ id: assets.id })
      .from(assets)
      .where(and(eq(assets.orgId, actor.orgId), inArray(assets.id, wanted), isNull(assets.retiredAt)));
    if (found.length !== wanted.length) throw notFound("asset");
    if (input.in)
      await tx
        .insert(assetNodes)
        .values(wanted.map((assetId) => ({ assetId, nodeId: node.id })))
        .onConflictDoNothing();
    else await tx.delete(assetNodes).where(and(eq(assetNodes.nodeId, node.id), inArray(assetNodes.assetId, wanted)));
    await recordAudit(tx, {
      kind: input.in ? "node.assets-added" : "node.assets-removed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(node),
      ip: actor.ip,
      data: { assets: wanted.length, first: wanted[0] ?? "" },
    });
  });
  if (!input.in) await accessChanged(actor.orgId);
  changes.announce(actor.orgId, "assets");
}

/** @throws HubError `not-found` unless all are nodes of the organisation. */
export async function assertNodes(db: Queryable, orgId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const wanted = [...new Set(ids)];
  const found = await db
    .select({ id: nodes.id })
    .from(nodes)
    .where(and(eq(nodes.orgId, orgId), inArray(nodes.id, wanted)));
  if (found.length !== wanted.length) throw notFound("node");
}

/** One change of the tree's shape at a time: two moves at once could make a circle. */
const lockTree = (tx: Transaction, orgId: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('tree:' || ${orgId}, 0))`);

async function findNode(tx: Queryable, orgId: string, id: string): Promise<NodeRow> {
  const [node] = await tx
    .select()
    .from(nodes)
    .where(and(eq(nodes.orgId, orgId), eq(nodes.id, id)));
  if (node === undefined) throw notFound("node");
  return node;
}

/** The node itself and everything above it. */
async function ancestorsOf(tx: Queryable, orgId: string, id: string): Promise<string[]> {
  await findNode(tx, orgId, id);
  const rows = await tx.select({ id: nodeAncestors.ancestorId }).from(nodeAncestors).where(eq(nodeAncestors.nodeId, id));
  return rows.map((row) => row.id);
}

function assertDepth(depth: number): void {
  if (depth > depthMax) throw new HubError("too-many", `A tree has at most ${depthMax} levels.`, { facts: { most: depthMax } });
}
