// The last approver's own signature over what he approves. He is given the very bytes that agents will check, his passkey signs their hash, and what comes
// back is compared with what the hub would approve at this moment: a page cannot have him sign something else, and nothing is kept meanwhile.
import { approvalChallenge, decodeApproval } from "@sallyport/protocol/approvals";
import { and, asc, eq } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import { askToSign, assertSigned, type Site } from "../identity/passkeys.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { decidersOf } from "./approvers.ts";
import type { TicketDeps } from "./deps.ts";
import type { DecideTicket, ProposeApproval, SignedByPasskey } from "./input.ts";
import { type SignedApproval, spanOf } from "./kinds/kind.ts";
import { scriptApprovalBytes } from "./kinds/script.ts";
import { levelOutcome } from "./level.ts";
import { goesBeyond } from "./narrowing.ts";
import { type TicketRow, ticketDecisions } from "./schema.ts";
import { findTicket } from "./tickets.ts";

/** As long as somebody looks for his key, as for signing in. */
const lifetimeMs = 5 * 60_000;

/**
 * What whoever decides would sign with his approval; null where it is not the last one, or not about a script: then there is nothing to sign yet.
 *
 * @throws HubError `not-found`, `forbidden` for who is not asked now, `wider-than-asked`, `passkey-needed` for who has none.
 */
export async function proposeApproval(deps: TicketDeps, actor: Actor, { id, narrowed }: ProposeApproval, site: Site) {
  const now = deps.clock.now();
  const { ticket } = await findTicket(deps.db, actor, id, now);
  const given = narrowed ?? ticket.narrowed ?? ticket.asked;
  if (given.kind !== "script" || ticket.state !== "pending") return null;
  const beyond = goesBeyond(given, ticket.narrowed ?? ticket.asked);
  if (beyond !== null)
    throw new HubError("wider-than-asked", `More than was asked for: ${beyond}.`, { facts: { field: beyond } });
  const { meant, standing } = await decidersOf(deps.db, ticket, now);
  const counts = standing.get(actor.id);
  if (counts === undefined) throw new HubError("forbidden", "You are not asked about this request now.");
  const before = await decisionsOf(deps.db, ticket);
  const need = ticket.levels[ticket.level]?.need ?? { kind: "any" as const };
  const atLevel = [
    ...before.filter(({ level }) => level === ticket.level),
    { userId: actor.id, counts, decision: "approve" as const },
  ];
  if (ticket.level + 1 < ticket.levels.length || levelOutcome(need, meant, atLevel) !== "passed") return null;
  const votes = [...before.map(({ userId, at }) => ({ userId, at })), { userId: actor.id, at: now }];
  const bytes = await scriptApprovalBytes(
    deps.db,
    ticket,
    given,
    { span: spanOf(given, now), hubId: deps.signer.hubId, votes },
    now,
  );
  return {
    approval: Buffer.from(bytes).toString("base64"),
    options: await askToSign(deps.db, actor, site, approvalChallenge(bytes)),
  };
}

/**
 * In the transaction of the decision, before it is written.
 *
 * @param given what is approved.
 * @throws HubError `bad-passkey`; `conflict` where it is not what would be approved now: too old, or somebody changed something meanwhile.
 */
export async function readSigned(
  deps: TicketDeps,
  tx: Transaction,
  actor: Actor,
  { ticket, given }: { ticket: TicketRow; given: NonNullable<DecideTicket["narrowed"]> },
  { approval, answer }: SignedByPasskey,
  site: Site,
  now: Date,
): Promise<SignedApproval> {
  const bytes = Buffer.from(approval, "base64");
  const differs = () =>
    new HubError(
      "conflict",
      "What you signed is not what would be approved now: it took too long, or something changed. Look at it again.",
    );
  const read = decodeApproval(bytes);
  const last = read?.votes.at(-1);
  if (read === null || last === undefined || given.kind !== "script") throw differs();
  const at = new Date(last.atMs ?? 0);
  if (at > now || now.getTime() - at.getTime() > lifetimeMs) throw differs();
  const span = spanOf(given, at);
  const votes = [
    ...(await decisionsOf(tx, ticket)).map(({ userId, at: voted }) => ({ userId, at: voted })),
    { userId: actor.id, at },
  ];
  const expected = await scriptApprovalBytes(tx, ticket, given, { span, hubId: deps.signer.hubId, votes }, now);
  if (!bytes.equals(Buffer.from(expected))) throw differs();
  await assertSigned(tx, actor, site, answer, approvalChallenge(bytes), now);
  const base64 = (base64url: string) => Buffer.from(base64url, "base64url").toString("base64");
  const { authenticatorData, clientDataJSON, signature } = answer.response;
  return {
    bytes,
    passkey: {
      authenticatorData: base64(authenticatorData),
      clientData: base64(clientDataJSON),
      signature: base64(signature),
    },
    span,
  };
}

const decisionsOf = (db: Queryable, { id }: Pick<TicketRow, "id">) =>
  db
    .select()
    .from(ticketDecisions)
    .where(and(eq(ticketDecisions.ticketId, id), eq(ticketDecisions.decision, "approve")))
    .orderBy(asc(ticketDecisions.at));
