// Assets as rows of a file, and back. An import writes everything or nothing.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, gt, inArray, isNull } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { ImportReport } from "../csv/input.ts";
import { listOf, type Row, RowErrors, readCsv } from "../csv/read-csv.ts";
import { byteOrderMark, csvLine } from "../csv/write-csv.ts";
import { zones } from "../fleet/schema.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { inPieces, type Queryable, type Transaction } from "../platform/database.ts";
import { placesOf } from "./assets.ts";
import type { AssetDeps } from "./deps.ts";
import {
  assetColumns,
  assetFields,
  label,
  platformIds,
  platforms,
  protocolNames,
  protocolPorts,
  usualProtocols,
} from "./input.ts";
import { pathsOf } from "./nodes.ts";
import { type AssetProtocol, type AssetRow, assetLabels, assetNodes, assets, nodes } from "./schema.ts";

/** Rows at a time: a statement of PostgreSQL takes 65,535 values. */
const atOnce = 1_000;
/** Assets that one audit event names. */
const perEvent = 200;

type Column = (typeof assetColumns.all)[number];
/** For who wrote something that a column does not take. */
const expected: Record<Column, string> = {
  name: "Write a name of 1 to 100 letters on one line.",
  address: "Write a host name or an IP address.",
  platform: `Write one of ${platformIds.join(", ")}.`,
  zone: "Write the name of a zone, or leave it empty when there is one only.",
  protocols: `Write protocols with ; between them, such as ssh; mysql:3307. There are ${protocolNames.join(", ")}.`,
  labels: "Write at most 50 of key:value with ; between them.",
  nodes: "Write paths in the tree with ; between them, such as /Production/Web.",
  active: "Write yes or no; empty means yes.",
  comment: "Write at most 1000 letters.",
};

type Places = { labels: string[]; nodeIds: string[] };
type Wanted = Pick<AssetRow, "name" | "address" | "platform" | "zoneId" | "protocols" | "active" | "comment"> & Places;
type Plan = {
  created: (Wanted & { id: string })[];
  changed: { asset: AssetRow; before: Places; after: Partial<Wanted> }[];
  unchanged: number;
};

/**
 * Adds assets and changes those whose name is there already; nothing is removed. What agents run on is theirs and not in files.
 *
 * @returns what would be done, or was. With one wrong row nothing is.
 * @throws HubError `too-large`, `forbidden`.
 */
export async function importAssets(
  deps: AssetDeps,
  actor: Actor,
  { csv, apply }: { csv: string; apply: boolean },
): Promise<ImportReport> {
  assertMay(actor, "assets.manage");
  const errors = new RowErrors();
  const rows = readCsv(csv, assetColumns, errors);
  const report = await deps.db.transaction(async (tx) => {
    const plan = await planAssets(tx, actor, rows, errors);
    const applied = apply && errors.total === 0;
    if (applied) await writeAssets(tx, deps, actor, plan, createHash("sha256").update(csv).digest("hex"));
    const counts = { created: plan.created.length, changed: plan.changed.length, unchanged: plan.unchanged };
    return errors.report(rows.length, { applied, ...counts });
  });
  if (!report.applied) return report;
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "assets");
  return report;
}

async function planAssets(tx: Transaction, actor: Actor, rows: readonly Row[], errors: RowErrors): Promise<Plan> {
  const zoneIds = new Map((await tx.select().from(zones).where(eq(zones.orgId, actor.orgId))).map(({ id, name }) => [name, id]));
  const [onlyZone] = zoneIds.size === 1 ? zoneIds.values() : [];
  const ids = (await tx.select({ id: nodes.id }).from(nodes).where(eq(nodes.orgId, actor.orgId))).map(({ id }) => id);
  const nodeIds = new Map([...(await pathsOf(tx, actor.orgId, ids))].map(([id, path]) => [path, id]));
  const known = new Map<string, AssetRow>();
  const places = new Map<string, Places>();
  const names = rows.map(({ fields }) => fields.get("name") ?? "");
  for (const piece of inPieces(names, atOnce)) {
    const there = and(
      eq(assets.orgId, actor.orgId),
      inArray(assets.name, piece),
      isNull(assets.agentId),
      isNull(assets.retiredAt),
    );
    const found = await tx.select().from(assets).where(there).for("update");
    for (const asset of found) known.set(asset.name, asset);
    for (const [id, place] of await placesOf(
      tx,
      found.map(({ id }) => id),
    ))
      places.set(id, place);
  }
  const firstLine = new Map<string, number>();
  const plan: Plan = { created: [], changed: [], unchanged: 0 };
  for (const { line, fields } of rows) {
    const before = errors.total;
    const wrong = (column: Column, cell: string) => errors.add(line, column, "wrong", cell, expected[column]);
    const cellOf = (column: Column) => fields.get(column) ?? "";
    for (const column of assetColumns.required)
      if (cellOf(column) === "") errors.add(line, column, "missing", "", expected[column]);
    const name = assetFields.shape.name.safeParse(cellOf("name")).data;
    if (name === undefined && cellOf("name") !== "") wrong("name", cellOf("name"));
    const address = assetFields.shape.address.safeParse(cellOf("address")).data;
    if (address === undefined && cellOf("address") !== "") wrong("address", cellOf("address"));
    const platform = platformIds.find((one) => one === cellOf("platform").toLowerCase());
    if (platform === undefined && cellOf("platform") !== "") wrong("platform", cellOf("platform"));
    const earlier = name === undefined ? undefined : firstLine.get(name);
    if (name !== undefined && earlier !== undefined)
      errors.add(line, "name", "twice", name, `The name stands in line ${earlier} already. Keep one of the two.`);
    if (name !== undefined) firstLine.set(name, earlier ?? line);
    const asset = name === undefined ? undefined : known.get(name);
    const zone = cellOf("zone");
    const zoneId = zone === "" ? (asset?.zoneId ?? onlyZone) : zoneIds.get(zone);
    if (zoneId === undefined) errors.add(line, "zone", zone === "" ? "missing" : "unknown", zone, expected.zone);
    const protocols =
      cellOf("protocols") === "" && platform !== undefined ? usualProtocols(platform) : protocolsOf(cellOf("protocols"));
    if (protocols === null) wrong("protocols", cellOf("protocols"));
    const labels = listOf(cellOf("labels"));
    const badLabel = labels.find((one) => !label.safeParse(one).success);
    if (badLabel !== undefined || labels.length > 50) wrong("labels", badLabel ?? cellOf("labels"));
    const inNodes = listOf(cellOf("nodes")).map((path) => [path, nodeIds.get(path.startsWith("/") ? path : `/${path}`)] as const);
    for (const [path, id] of inNodes)
      if (id === undefined) errors.add(line, "nodes", "unknown", path, "There is no such node. Make it first, or take it out.");
    const active = activeOf(cellOf("active"));
    if (active === null) wrong("active", cellOf("active"));
    const comment = assetFields.shape.comment.safeParse(cellOf("comment")).data;
    if (comment === undefined) wrong("comment", cellOf("comment"));
    if (errors.total > before || !name || !address || !platform || !zoneId || protocols === null || active === null) continue;
    const wanted: Wanted = {
      ...{ name, address, platform, zoneId, protocols, active, comment: comment ?? "" },
      labels: labels.toSorted(),
      nodeIds: inNodes.flatMap(([, id]) => id ?? []).toSorted(),
    };
    if (asset === undefined) {
      plan.created.push({ id: newId("ast"), ...wanted });
      continue;
    }
    const now = places.get(asset.id) ?? { labels: [], nodeIds: [] };
    const stood = { labels: now.labels.toSorted(), nodeIds: now.nodeIds.toSorted() };
    // What the file does not speak of stays.
    const after: Partial<Wanted> = {
      address,
      platform,
      zoneId,
      ...(fields.has("protocols") ? { protocols } : {}),
      ...(fields.has("active") ? { active } : {}),
      ...(fields.has("comment") ? { comment: wanted.comment } : {}),
      ...(fields.has("labels") ? { labels: wanted.labels } : {}),
      ...(fields.has("nodes") ? { nodeIds: wanted.nodeIds } : {}),
    };
    if (changesOf({ ...asset, ...stood }, after).after === "{}") plan.unchanged++;
    else plan.changed.push({ asset, before: stood, after });
  }
  return plan;
}

/** Null when one is none. Without a port: the usual one. */
function protocolsOf(cell: string): AssetProtocol[] | null {
  const read = listOf(cell).map((text): AssetProtocol | null => {
    const [, given = "", port] = /^([a-z]+)(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
    const name = protocolNames.find((one) => one === given);
    if (name === undefined) return null;
    const at = port === undefined ? (name === "tcp" ? 0 : protocolPorts[name]) : Number(port);
    return at >= 1 && at <= 65_535 ? { name, port: at } : null;
  });
  const whole = read.flatMap((one) => one ?? []);
  return whole.length === read.length && whole.length <= 20 ? whole : null;
}

function activeOf(cell: string): boolean | null {
  if (/^(|yes|true|1)$/i.test(cell)) return true;
  return /^(no|false|0)$/i.test(cell) ? false : null;
}

async function writeAssets(tx: Transaction, { clock }: AssetDeps, actor: Actor, plan: Plan, file: string): Promise<void> {
  const now = clock.now();
  const { orgId } = actor;
  for (const piece of inPieces(plan.created, atOnce))
    await tx.insert(assets).values(
      piece.map(({ labels: _, nodeIds: __, ...asset }) => ({
        ...asset,
        orgId,
        category: platforms[asset.platform].category,
        createdAt: now,
        updatedAt: now,
      })),
    );
  for (const { asset, after } of plan.changed) {
    const { labels, nodeIds, ...fields } = after;
    const category = platforms[fields.platform ?? asset.platform].category;
    await tx
      .update(assets)
      .set({ ...fields, category, updatedAt: now })
      .where(eq(assets.id, asset.id));
    if (labels !== undefined) await tx.delete(assetLabels).where(eq(assetLabels.assetId, asset.id));
    if (nodeIds !== undefined) await tx.delete(assetNodes).where(eq(assetNodes.assetId, asset.id));
  }
  const placed = [...plan.created, ...plan.changed.map(({ asset, after }) => ({ id: asset.id, ...after }))];
  const labelled = placed.flatMap(({ id, labels = [] }) => labels.map((one) => ({ assetId: id, orgId, label: one })));
  for (const piece of inPieces(labelled, atOnce)) await tx.insert(assetLabels).values(piece);
  const inTree = placed.flatMap(({ id, nodeIds = [] }) => nodeIds.map((nodeId) => ({ assetId: id, nodeId })));
  for (const piece of inPieces(inTree, atOnce)) await tx.insert(assetNodes).values(piece);
  const lines = [
    ...plan.created.map(({ id, name, address, platform, zoneId }) => ({ id, name, address, platform, zoneId })),
    ...plan.changed.map(({ asset, before, after }) => ({ id: asset.id, ...changesOf({ ...asset, ...before }, after) })),
  ];
  const entry = { kind: "assets.imported" as const, orgId, actor: auditActor(actor), subject: null, ip: actor.ip };
  const counts = { created: plan.created.length, changed: plan.changed.length, file };
  for (const piece of lines.length === 0 ? [[]] : inPieces(lines, perEvent))
    await recordAudit(tx, { ...entry, data: { ...counts, assets: JSON.stringify(piece) } });
}

/** What people wrote down, line by line; what importAssets reads. */
export async function* exportAssets(db: Queryable, orgId: string): AsyncGenerator<string> {
  yield byteOrderMark + csvLine(assetColumns.all);
  for (let after = ""; ; ) {
    const rows = await db
      .select({ asset: assets, zone: zones.name })
      .from(assets)
      .innerJoin(zones, eq(zones.id, assets.zoneId))
      .where(and(eq(assets.orgId, orgId), isNull(assets.agentId), isNull(assets.retiredAt), gt(assets.id, after)))
      .orderBy(asc(assets.id))
      .limit(atOnce);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.asset.id;
    const places = await placesOf(
      db,
      rows.map(({ asset }) => asset.id),
    );
    const paths = await pathsOf(db, orgId, [...new Set([...places.values()].flatMap(({ nodeIds }) => nodeIds))]);
    yield rows
      .map(({ asset, zone }) => {
        const { labels, nodeIds } = places.get(asset.id) ?? { labels: [], nodeIds: [] };
        const protocols = asset.protocols.map(({ name, port }) => `${name}:${port}`).join("; ");
        const inNodes = nodeIds.map((id) => paths.get(id) ?? "").join("; ");
        const { name, address, platform, active, comment } = asset;
        return csvLine([name, address, platform, zone, protocols, labels.join("; "), inNodes, active ? "yes" : "no", comment]);
      })
      .join("");
  }
}
