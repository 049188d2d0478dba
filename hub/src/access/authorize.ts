// Access: who may do what on which asset. authorize() is the only maker of an Authorization, and nothing opens without one.
import { and, eq, gt, isNull, or } from "drizzle-orm";
import { type AssetWithAgent, findAsset } from "../assets/assets.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor, type Permission } from "../identity/actor.ts";
import { findUser } from "../identity/people.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { Action } from "./input.ts";
import { type GrantRow, grants } from "./schema.ts";

const made = Symbol("made by authorize()");

/** Proof that a person may do one thing on one asset, through which grant and until when. */
export class Authorization {
  readonly actor: Actor;
  readonly target: AssetWithAgent;
  readonly action: Action;
  /** Null for an administrator, who needs no grant. */
  readonly grantId: string | null;
  readonly expiresAt: Date | null;

  constructor(key: typeof made, fields: Pick<Authorization, "actor" | "target" | "action" | "grantId" | "expiresAt">) {
    if (key !== made) throw new TypeError("Only authorize() makes an Authorization.");
    this.actor = fields.actor;
    this.target = fields.target;
    this.action = fields.action;
    this.grantId = fields.grantId;
    this.expiresAt = fields.expiresAt;
  }
}

const permissionFor: Record<Action, Permission> = { connect: "terminal.open", run: "run.start", dial: "dial.open" };

/**
 * @throws HubError `forbidden` when the role never may, `not-found` for another organisation's or a retired asset,
 *   and for one the person was never granted; `no-grant` when he sees the asset but lacks this action.
 */
export async function authorize(db: Queryable, actor: Actor, assetId: string, action: Action, now: Date): Promise<Authorization> {
  assertMay(actor, permissionFor[action]);
  const target = await findAsset(db, actor.orgId, assetId);
  if (target === null) throw notFound("asset");
  if (target.agent.revokedAt !== null || target.asset.retiredAt !== null)
    throw new HubError("agent-revoked", "The agent of this asset was revoked. Enrol its host again to reach it.");
  if (actor.role === "admin") return new Authorization(made, { actor, target, action, grantId: null, expiresAt: null });
  const held = await grantsOn(db, actor.id, assetId, now);
  const grant = held.find((one) => one.actions.includes(action));
  if (grant === undefined) {
    const refusal = held.length === 0 ? notFound("asset") : noGrant(action);
    await recordRefusal(db, actor, target, action, refusal);
    throw refusal;
  }
  return new Authorization(made, { actor, target, action, grantId: grant.id, expiresAt: grant.expiresAt });
}

/**
 * May what was opened under this grant go on, now that a restarted hub finds it again? A withdrawal while the hub was down reached nobody.
 * Without a grant it was an administrator's: he must still be one.
 */
export async function mayGoOn(
  db: Queryable,
  work: { userId: string; assetId: string; grantId: string | null },
  now: Date,
): Promise<boolean> {
  const user = await findUser(db, work.userId);
  if (user === null || user.disabledAt !== null) return false;
  if (work.grantId === null) return user.role === "admin";
  return (await grantsOn(db, work.userId, work.assetId, now)).some((grant) => grant.id === work.grantId);
}

/** Reads the grant again, after the work was registered: a revocation between the two is seen by one side or the other. */
export async function stillHolds(db: Queryable, authorization: Authorization, now: Date): Promise<boolean> {
  if (authorization.grantId === null) return true;
  const held = await grantsOn(db, authorization.actor.id, authorization.target.asset.id, now);
  return held.some((grant) => grant.id === authorization.grantId);
}

/** That somebody tried is worth knowing; he himself learns nothing by it. */
async function recordRefusal(
  db: Queryable,
  actor: Actor,
  target: AssetWithAgent,
  action: Action,
  { code }: HubError,
): Promise<void> {
  const subject = { kind: "asset" as const, id: target.asset.id, name: target.agent.name };
  await db.transaction((tx) =>
    recordAudit(tx, {
      kind: "access.refused",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject,
      ip: actor.ip,
      data: { action, code },
    }),
  );
}

const noGrant = (action: Action) =>
  new HubError("no-grant", `No grant allows you to ${action} here. Ask an administrator for one.`, { facts: { action } });

function grantsOn(db: Queryable, userId: string, assetId: string, now: Date): Promise<GrantRow[]> {
  return db
    .select()
    .from(grants)
    .where(
      and(
        eq(grants.userId, userId),
        eq(grants.assetId, assetId),
        isNull(grants.revokedAt),
        or(isNull(grants.expiresAt), gt(grants.expiresAt, now)),
      ),
    );
}
