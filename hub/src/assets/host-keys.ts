// Which keys a host may show. The first one seen is pinned, or waits for an administrator; another one later stops the connection until somebody decides.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq } from "drizzle-orm";
import ssh2 from "ssh2";
import type { z } from "zod";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import type { AssetDeps } from "./deps.ts";
import type { decideHostKey as decideHostKeyInput } from "./input.ts";
import { assetSubject } from "./manage-assets.ts";
import { type AssetRow, assets, type HostKeyRow, hostKeys } from "./schema.ts";

/** `first`: the first key of an asset is trusted. `ask`: an administrator trusts it before anybody connects. */
export type HostKeyPolicy = "first" | "ask";

/** Keys that were seen and not decided about, of one asset: an asset that shows more is not one host. */
const offeredMax = 20;

export type HostKeyVerdict = { trusted: true } | { trusted: false; offered: string; pinned: string[] };

/** As ssh-keygen prints it. @param key SSH wire format. */
export const fingerprintOf = (key: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

export async function hostKeysOf(db: Queryable, assetId: string): Promise<HostKeyRow[]> {
  return db.select().from(hostKeys).where(eq(hostKeys.assetId, assetId)).orderBy(asc(hostKeys.seenAt), asc(hostKeys.id));
}

/**
 * A host has shown a key and proved that it holds it. Whatever is decided is on record when this resolves.
 *
 * @param key SSH wire format (RFC 4253 §6.6); hostile.
 */
export async function judgeHostKey(
  { db, clock }: Pick<AssetDeps, "db" | "clock">,
  asset: Pick<AssetRow, "id" | "orgId" | "name">,
  key: Buffer,
  policy: HostKeyPolicy,
): Promise<HostKeyVerdict> {
  const fingerprint = fingerprintOf(key);
  const algorithm = algorithmOf(key);
  return db.transaction(async (tx) => {
    // One judgement of an asset at a time: of two hosts that show up at once under a new name, one is the first.
    await tx.select({ id: assets.id }).from(assets).where(eq(assets.id, asset.id)).for("update");
    const known = await hostKeysOf(tx, asset.id);
    const pinned = known.filter(({ state }) => state === "trusted").map((row) => row.fingerprint);
    const same = known.find((row) => row.fingerprint === fingerprint);
    if (algorithm === null) return { trusted: false, offered: fingerprint, pinned };
    if (same?.state === "trusted") return { trusted: true };
    const first = known.length === 0 && policy === "first";
    if (same === undefined && known.length < offeredMax)
      await tx.insert(hostKeys).values({
        id: newId("hky"),
        orgId: asset.orgId,
        assetId: asset.id,
        algorithm,
        key: key.toString("base64"),
        fingerprint,
        state: first ? "trusted" : "offered",
        seenAt: clock.now(),
        decidedBy: null,
        decidedAt: null,
      });
    const about = { orgId: asset.orgId, actor: null, subject: assetSubject(asset), ip: null };
    if (first) {
      await recordAudit(tx, { ...about, kind: "host-key.pinned", data: { algorithm, fingerprint } });
      return { trusted: true };
    }
    if (same === undefined)
      await recordAudit(tx, {
        ...about,
        kind: "host-key.changed",
        data: { algorithm, pinned: pinned.join(", "), offered: fingerprint },
      });
    return { trusted: false, offered: fingerprint, pinned };
  });
}

/** An administrator trusts a key, with the others or in their place, or refuses it for good. @throws HubError `not-found`. */
export async function decideHostKey(
  { db, clock, changes }: AssetDeps,
  actor: Actor,
  { id, decision }: z.infer<typeof decideHostKeyInput>,
): Promise<void> {
  assertMay(actor, "assets.manage");
  const assetId = await db.transaction(async (tx) => {
    const [row] = await tx
      .select({ key: hostKeys, asset: assets })
      .from(hostKeys)
      .innerJoin(assets, eq(assets.id, hostKeys.assetId))
      .where(and(eq(hostKeys.id, id), eq(hostKeys.orgId, actor.orgId)));
    if (row === undefined) throw notFound("host key");
    const decided = { decidedBy: actor.id, decidedAt: clock.now() };
    if (decision === "trust-alone")
      await tx
        .update(hostKeys)
        .set({ state: "refused", ...decided })
        .where(eq(hostKeys.assetId, row.asset.id));
    if (decision === "forget") await tx.delete(hostKeys).where(eq(hostKeys.id, id));
    else
      await tx
        .update(hostKeys)
        .set({ state: decision === "refuse" ? "refused" : "trusted", ...decided })
        .where(eq(hostKeys.id, id));
    await recordAudit(tx, {
      kind: "host-key.decided",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: assetSubject(row.asset),
      ip: actor.ip,
      data: { fingerprint: row.key.fingerprint, decision },
    });
    return row.asset.id;
  });
  changes.announce(actor.orgId, "assets", assetId);
}

export const presentHostKey = (row: HostKeyRow) => ({
  id: row.id,
  algorithm: row.algorithm,
  fingerprint: row.fingerprint,
  state: row.state,
  seenAt: row.seenAt.toISOString(),
  decidedAt: row.decidedAt?.toISOString() ?? null,
});

/** Null for bytes that are no public key. */
function algorithmOf(key: Buffer): string | null {
  const parsed = ssh2.utils.parseKey(key);
  const one = Array.isArray(parsed) ? parsed[0] : parsed;
  return one === undefined || one instanceof Error ? null : one.type;
}
