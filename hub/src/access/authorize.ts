// Access: who may do what on which asset. authorize() is the only maker of an Authorization, and nothing opens without one.
//
//   person ─ his grants ─┐
//                        ├─► those that hold now, for this account, protocol and action ─► Authorization, with everything else they allow
//   asset ─ grants on it ┘

import { type ChosenAccount, findChosenAccount, noAccount } from "../assets/account-choice.ts";
import { type AssetInZone, findAsset } from "../assets/assets.ts";
import { type ProtocolName, terminalProtocolOf } from "../assets/input.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { Permission } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { grantsNaming } from "./held-grants.ts";
import { type AsWhom, type Circumstances, type WhyNot, whyNot, whyNotNow } from "./holds.ts";
import { type Action, actions } from "./input.ts";
import type { GrantRow } from "./schema.ts";

const made = Symbol("made by authorize()");

/** Proof that a person may do something on one asset as one account, through which grant. */
export class Authorization {
  readonly actor: Actor;
  readonly target: AssetInZone;
  readonly as: ChosenAccount;
  readonly protocol: ProtocolName;
  readonly action: Action;
  /** Everything that is allowed here as this account by this protocol, `action` among it. */
  readonly actions: ReadonlySet<Action>;
  /** One of the grants that allow it; another may still when this one is gone. */
  readonly grantId: string;

  constructor(
    key: typeof made,
    fields: Pick<Authorization, "actor" | "target" | "as" | "protocol" | "action" | "actions" | "grantId">,
  ) {
    if (key !== made) throw new TypeError("Only authorize() makes an Authorization.");
    this.actor = fields.actor;
    this.target = fields.target;
    this.as = fields.as;
    this.protocol = fields.protocol;
    this.action = fields.action;
    this.actions = fields.actions;
    this.grantId = fields.grantId;
  }
}

export const permissionFor: Record<Action, Permission> = {
  connect: "terminal.open",
  upload: "terminal.open",
  download: "terminal.open",
  copy: "terminal.open",
  paste: "terminal.open",
  delete: "terminal.open",
  share: "terminal.open",
  forward: "dial.open",
  run: "run.start",
};

export type Request = { assetId: string } & (
  | {
      action: Exclude<Action, "forward">;
      /** An account's id or one of account-choice.ts; may be left out on an agent's own host. */
      account?: string | undefined;
      protocol?: ProtocolName | undefined;
    }
  /** Nobody signs in; the protocol is the one that the asset has on this port. */
  | { action: "forward"; port: number }
);

/**
 * @throws HubError `forbidden` when the role never may, `not-found` for another organisation's asset and for one that no grant shows to the
 *   person, `no-grant` with the reason when one does but does not allow this, `asset-off`, `agent-revoked`.
 */
export async function authorize(db: Queryable, actor: Actor, request: Request, now: Date): Promise<Authorization> {
  const { assetId, action } = request;
  assertMay(actor, permissionFor[action]);
  const [target, named] = await Promise.all([findAsset(db, actor.orgId, assetId), grantsNaming(db, actor, assetId)]);
  if (target === null) throw notFound("asset");
  assertThere(target);
  const { asset } = target;
  const circumstances = { now, address: actor.ip, critical: asset.critical };
  const recording = async <T>(decision: () => T): Promise<T> => {
    try {
      return decision();
    } catch (error) {
      if (error instanceof HubError) await recordRefusal(db, actor, target, action, error);
      throw error;
    }
  };
  const holding = await recording(() => holdingNow(named, action, circumstances));
  assertActive(asset);
  const as = request.action === "forward" ? noAccount : await findChosenAccount(db, asset, request.account);
  const protocol =
    request.action === "forward" ? protocolOn(asset, request.port) : (request.protocol ?? terminalProtocolOf(asset) ?? "ssh");
  return recording(() => authorizedBy(holding, { actor, target, as, protocol, action }, circumstances));
}

/**
 * The same decision where target, grants and account have been looked up for many at once. Nothing is recorded: whoever asks keeps the refusals.
 *
 * @param named every unrevoked grant that names both the person and the asset.
 * @param bound of what just this is that people approved; null: nothing was approved for it.
 * @param chosen asked only when some grant holds, so that a missing account tells nobody that the asset is there.
 * @throws HubError as authorize().
 */
export function authorizeOne(
  named: GrantRow[],
  wish: Pick<Authorization, "actor" | "target" | "protocol" | "action">,
  chosen: () => ChosenAccount,
  now: Date,
  bound: string | null = null,
): Authorization {
  const circumstances = { now, address: wish.actor.ip, critical: wish.target.asset.critical, bound };
  assertThere(wish.target);
  const holding = holdingNow(named, wish.action, circumstances);
  assertActive(wish.target.asset);
  return authorizedBy(holding, { ...wish, as: chosen() }, circumstances);
}

function assertThere({ asset, agent }: AssetInZone): void {
  if (agent !== null && agent.revokedAt !== null)
    throw new HubError("agent-revoked", "The agent of this asset was revoked. Enrol its host again to reach it.");
  if (asset.retiredAt !== null) throw notFound("asset");
}

function assertActive({ active }: AssetInZone["asset"]): void {
  if (!active) throw new HubError("asset-off", "This asset is switched off. An administrator of assets can switch it on.");
}

/** Those that hold now, from here; at least one. */
function holdingNow(named: GrantRow[], action: Action, circumstances: Circumstances): GrantRow[] {
  const holding = named.filter((grant) => whyNotNow(grant, circumstances) === null);
  if (holding.length > 0) return holding;
  const why = named
    .map((grant) => whyNotNow(grant, circumstances))
    .find((one) => one === "hours" || one === "address" || one === "not-yet");
  throw why === undefined ? notFound("asset") : noGrant(action, why);
}

function authorizedBy(
  holding: GrantRow[],
  wish: Pick<Authorization, "actor" | "target" | "as" | "protocol" | "action">,
  circumstances: Circumstances,
): Authorization {
  const decision = decide(holding, asWhom(wish.as, wish.target.asset), wish.protocol, circumstances);
  const grantId = decision.grantOf(wish.action);
  if (grantId === null) throw noGrant(wish.action, decision.whyNot(wish.action));
  return new Authorization(made, { ...wish, actions: decision.actions, grantId });
}

/** May what was authorised go on? Read again after the work was registered: a revocation between the two is seen by one side or the other. */
export async function stillHolds(
  db: Queryable,
  { actor, target, as, protocol, action }: Authorization,
  now: Date,
): Promise<boolean> {
  const grants = await grantsNaming(db, actor, target.asset.id);
  const circumstances = { now, address: actor.ip, critical: target.asset.critical };
  return decide(grants, asWhom(as, target.asset), protocol, circumstances).grantOf(action) !== null;
}

/** What an asset does not name is TCP. */
const protocolOn = ({ protocols }: Pick<AssetInZone["asset"], "protocols">, port: number): ProtocolName =>
  protocols.find((one) => one.port === port)?.name ?? "tcp";

const kinds = { "@same-name": "same-name", "@ask": "ask", "@none": "none" } as const;
export const asWhom = (as: ChosenAccount, asset: { agentId: string | null }): AsWhom =>
  as.account !== null
    ? { kind: "vault", username: as.account.username }
    : as.choice === "@agent"
      ? { kind: "agent", ownHost: asset.agentId !== null }
      : { kind: kinds[as.choice] };

/** What these grants allow as this account by this protocol. Pure. */
export function decide(grants: GrantRow[], as: AsWhom, protocol: string, circumstances: Circumstances) {
  const grantOf = (action: Action): string | null =>
    grants.find((grant) => whyNot(grant, { as, protocol, action }, circumstances) === null)?.id ?? null;
  return {
    grantOf,
    actions: new Set(actions.filter((action) => grantOf(action) !== null)),
    /** The reason of the grant that comes nearest: `whyNots` is in the order in which a grant is looked at. */
    whyNot: (action: Action): WhyNot | null => {
      const reasons = grants.map((grant) => whyNot(grant, { as, protocol, action }, circumstances));
      return (["approval", "action", "protocol", "account"] as const).find((one) => reasons.includes(one)) ?? reasons[0] ?? null;
    },
  };
}

/** That somebody tried is worth knowing; he himself learns nothing by it. */
export async function recordRefusal(
  db: Queryable,
  actor: Actor,
  { asset }: AssetInZone,
  action: Action,
  { code }: HubError,
): Promise<void> {
  const subject = { kind: "asset" as const, id: asset.id, name: asset.name };
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

const sentences: Partial<Record<WhyNot, string>> = {
  "not-yet": "Your grant has not begun.",
  hours: "Your grant does not hold at this hour.",
  address: "Your grant does not hold from this network.",
  account: "No grant lets you use this account here.",
  protocol: "No grant lets you use this protocol here.",
  approval: "Scripts run here only when people have approved just that script.",
};

const noGrant = (action: Action, why: WhyNot | null) =>
  new HubError(
    "no-grant",
    `${(why === null ? undefined : sentences[why]) ?? `No grant allows you to ${action} here.`} ${why === "approval" ? "Ask for it under Requests." : "Ask an administrator for one."}`,
    { facts: { action, why: why ?? "action" } },
  );
