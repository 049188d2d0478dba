// What a kind of ticket answers. Flows, levels, decisions and time are the same for all of them.
import type { GrantInput } from "../../access/input.ts";
import type { Actor } from "../../identity/actor.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { TicketDeps } from "../deps.ts";
import type { Askable, Asked, AutoApproval } from "../input.ts";
import type { TicketRow } from "../schema.ts";

/** Who it is recorded for: whoever decided last, or the hub by a flow's rule. */
export type Giver = Pick<Actor, "id" | "name" | "orgId"> & { ip: string | null };

/** From the decision, or from the moment that was asked for, if later. */
export type Span = { from: Date; until: Date };

/** What is kept of a signature, and the span that was signed. */
export type SignedApproval = {
  bytes: Uint8Array;
  passkey: { authenticatorData: string; clientData: string; signature: string };
  span: { from: Date; until: Date };
};

export type KindOf<A extends Asked> = {
  /** The assets that it is about: their flow, their owners. */
  assetIds(asked: A): string[];
  /** What is more than was asked for, by the field's name; null when nothing is. How long and from when is compared for all kinds. */
  goesBeyond(given: A, asked: A): string | null;
  /** In the transaction of the last decision. Returns the id of the grant, when that is what it gives. */
  give(
    tx: Transaction,
    by: Giver,
    ticket: TicketRow,
    given: A,
    span: Span,
    now: Date,
    deps: TicketDeps,
    signed: SignedApproval | null,
  ): Promise<string | null>;
  /** Has whoever approves it last to sign it himself? */
  needsSignature?(db: Queryable, orgId: string, asked: A): Promise<boolean>;
};

/** What people ask for, and a flow says who decides. */
export type AskableKindOf<A extends Askable> = KindOf<A> & {
  /** When it is submitted, once a flow covers it and before anybody is asked: could it be given at all? @throws HubError when not. */
  assertAskable?(db: Queryable, asked: A, ticket: TicketRow, now: Date): Promise<void>;
  /** Does it lead to power over the asset? */
  namesPrivileged(db: Queryable, orgId: string, asked: A): Promise<boolean>;
  /** Is it no more than what the flow lets through by itself? How long is compared for all kinds. */
  isWithinRule(asked: A, auto: AutoApproval): boolean;
};

/** From `now`, or from the moment that was asked for, if later. */
export const spanOf = ({ startsAt, minutes }: Pick<Asked, "startsAt" | "minutes">, now: Date): Span => ({
  from: startsAt === null ? now : new Date(Math.max(now.getTime(), Date.parse(startsAt))),
  until: new Date((startsAt === null ? now.getTime() : Date.parse(startsAt)) + minutes * 60_000),
});

/** What an approval gives whoever asked, for as long as was approved. */
export const grantFor = (
  ticket: TicketRow,
  { from, until }: Span,
  what: { userIds?: string[]; assetIds: string[] } & Pick<GrantInput, "accounts" | "protocols" | "actions">,
): GrantInput => ({
  name: ticket.title,
  subjects: (what.userIds ?? [ticket.requesterId]).map((id) => ({ kind: "user", id })),
  targets: what.assetIds.map((id) => ({ kind: "asset", id })),
  accounts: what.accounts,
  protocols: what.protocols,
  actions: what.actions,
  startsAt: from.toISOString(),
  expiresAt: until.toISOString(),
  hours: null,
  addresses: [],
  active: true,
  comment: "",
});

export const within = <T>(part: readonly T[], whole: readonly T[]): boolean => part.every((one) => whole.includes(one));
