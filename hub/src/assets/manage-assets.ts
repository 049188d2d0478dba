// What administrators do with assets: add, change, retire.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray, isNull } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import type { AuditSubject } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { findZone } from "../fleet/zones.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import { isUniqueViolation, type Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { findAsset, lockAsset, placesOf } from "./assets.ts";
import { setCertificateCheck } from "./certificate-checks.ts";
import type { AssetDeps } from "./deps.ts";
import type { ChangeAsset, CreateAsset } from "./input.ts";
import { platforms, usualProtocols } from "./input.ts";
import { assertNodes } from "./nodes.ts";
import { type AssetRow, accounts, assetLabels, assetNodes, assets, favourites } from "./schema.ts";

export const assetSubject = (asset: { id: string; name: string }): AuditSubject => ({
  kind: "asset",
  id: asset.id,
  name: asset.name,
});

const nameTaken = (name: string) => new HubError("name-taken", `There is already an asset called ${name}.`, { facts: { name } });

/** @throws HubError `not-found` for a zone or node that is not the organisation's, `name-taken`. */
export async function createAsset(deps: AssetDeps, actor: Actor, input: CreateAsset): Promise<string> {
  assertMay(actor, "assets.manage");
  const id = await deps.db
    .transaction((tx) => addAsset(tx, deps, actor, input))
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(input.name) : error;
    });
  deps.changes.announce(actor.orgId, "assets", id);
  return id;
}

/** The same inside a transaction, for imports. A name that is taken surfaces as PostgreSQL's unique violation. */
export async function addAsset(
  tx: Transaction,
  { clock }: Pick<AssetDeps, "clock">,
  actor: Actor,
  input: CreateAsset,
): Promise<string> {
  const now = clock.now();
  if ((await findZone(tx, actor.orgId, input.zoneId)) === null) throw notFound("zone");
  await assertNodes(tx, actor.orgId, input.nodeIds);
  const asset: AssetRow = {
    id: newId("ast", now.getTime()),
    orgId: actor.orgId,
    zoneId: input.zoneId,
    agentId: null,
    category: platforms[input.platform].category,
    platform: input.platform,
    name: input.name,
    address: input.address,
    protocols: input.protocols ?? usualProtocols(input.platform),
    comment: input.comment,
    active: input.active,
    legacyAlgorithms: input.legacyAlgorithms,
    ownerId: null,
    critical: false,
    signedApprovals: false,
    createdAt: now,
    updatedAt: now,
    retiredAt: null,
  };
  await tx.insert(assets).values(asset);
  await setPlaces(tx, asset, input);
  await recordAudit(tx, {
    kind: "asset.created",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: assetSubject(asset),
    ip: actor.ip,
    data: { address: asset.address, platform: asset.platform, zoneId: asset.zoneId },
  });
  return asset.id;
}

/**
 * Of an agent's own host, name, zone and address are the agent's and cannot be changed here.
 *
 * @throws HubError `not-found`, `name-taken`, `conflict`, and as setCertificateCheck().
 */
export async function changeAsset(deps: AssetDeps, actor: Actor, { id, ...wanted }: ChangeAsset): Promise<void> {
  assertMay(actor, "assets.manage");
  const { labels, nodeIds, certificateCheck, ...fields } = wanted;
  await deps.db
    .transaction(async (tx) => {
      const asset = await lockAsset(tx, actor.orgId, id);
      if (asset === null) throw notFound("asset");
      if (asset.agentId !== null && [fields.name, fields.zoneId, fields.address].some((value) => value !== undefined))
        throw new HubError("conflict", "Name, zone and address of an agent's own host are the agent's. Change the agent.");
      if (fields.zoneId !== undefined && (await findZone(tx, actor.orgId, fields.zoneId)) === null) throw notFound("zone");
      if (nodeIds !== undefined) await assertNodes(tx, actor.orgId, nodeIds);
      if (fields.ownerId && (await findMember(tx, actor.orgId, fields.ownerId)) === null) throw notFound("person");
      const places = (await placesOf(tx, [id])).get(id);
      const changed = {
        ...definedOf(fields),
        ...(fields.platform === undefined ? {} : { category: platforms[fields.platform].category }),
      };
      await tx
        .update(assets)
        .set({ ...changed, updatedAt: deps.clock.now() })
        .where(eq(assets.id, id));
      await setPlaces(tx, asset, { labels, nodeIds });
      const check =
        certificateCheck === undefined ? null : await setCertificateCheck(tx, { ...asset, ...changed }, certificateCheck);
      const { before, after } = changesOf(
        { ...asset, ...places, ...(check === null ? {} : { certificateCheck: check.before }) },
        { ...definedOf({ ...fields, labels, nodeIds }), ...(check === null ? {} : { certificateCheck: check.after }) },
      );
      if (after === "{}") return;
      await recordAudit(tx, {
        kind: "asset.changed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: assetSubject(asset),
        ip: actor.ip,
        data: { before, after },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(fields.name ?? "") : error;
    });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "assets", id);
}

/**
 * Takes assets away: nobody reaches them, their accounts' secrets are not used again, their records stay readable.
 *
 * @throws HubError `not-found` when one is not there, `conflict` for an agent's own host; then none is taken away.
 */
export async function deleteAssets(deps: AssetDeps, actor: Actor, ids: string[]): Promise<void> {
  assertMay(actor, "assets.manage");
  const wanted = [...new Set(ids)];
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(assets)
      .where(and(eq(assets.orgId, actor.orgId), inArray(assets.id, wanted), isNull(assets.retiredAt)))
      .for("update");
    if (rows.length !== wanted.length) throw notFound("asset");
    if (rows.some(({ agentId }) => agentId !== null))
      throw new HubError("conflict", "An agent's own host goes with its agent. Revoke the agent.");
    await tx.update(assets).set({ retiredAt: now }).where(inArray(assets.id, wanted));
    await tx
      .update(accounts)
      .set({ retiredAt: now })
      .where(and(inArray(accounts.assetId, wanted), isNull(accounts.retiredAt)));
    for (const asset of rows)
      await recordAudit(tx, {
        kind: "asset.deleted",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: assetSubject(asset),
        ip: actor.ip,
        data: { address: asset.address },
      });
  });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "assets");
}

/** A person's own mark; says nothing about what he may. */
export async function setFavourite(
  { db }: Pick<AssetDeps, "db">,
  actor: Actor,
  { id, favourite }: { id: string; favourite: boolean },
): Promise<void> {
  if ((await findAsset(db, actor.orgId, id)) === null) throw notFound("asset");
  if (favourite) await db.insert(favourites).values({ userId: actor.id, assetId: id }).onConflictDoNothing();
  else await db.delete(favourites).where(and(eq(favourites.userId, actor.id), eq(favourites.assetId, id)));
}

async function setPlaces(
  tx: Transaction,
  { id, orgId }: { id: string; orgId: string },
  { labels, nodeIds }: { labels?: string[] | undefined; nodeIds?: string[] | undefined },
): Promise<void> {
  if (labels !== undefined) {
    await tx.delete(assetLabels).where(eq(assetLabels.assetId, id));
    const rows = [...new Set(labels)].map((label) => ({ assetId: id, orgId, label }));
    if (rows.length > 0) await tx.insert(assetLabels).values(rows);
  }
  if (nodeIds !== undefined) {
    await tx.delete(assetNodes).where(eq(assetNodes.assetId, id));
    const rows = [...new Set(nodeIds)].map((nodeId) => ({ assetId: id, nodeId }));
    if (rows.length > 0) await tx.insert(assetNodes).values(rows);
  }
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };
/** Without what was not said: drizzle would take undefined for "leave", the audit for a change. */
const definedOf = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
