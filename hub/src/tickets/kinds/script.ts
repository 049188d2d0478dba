// A script, as it was when it was asked for: which version, with which parameters, where, as whom, how often. What is given is a grant for just that, and
// the approval that agents check.
import { isDeepStrictEqual } from "node:util";
import { signApproval } from "@sallyport/protocol/approvals";
import { and, asc, eq, inArray, isNotNull, or } from "drizzle-orm";
import { insertGrant } from "../../access/manage-grants.ts";
import { accounts, assets } from "../../assets/schema.ts";
import { approvalBytes, type BoundScript, boundOf } from "../../automation/approval.ts";
import { prepareFiles } from "../../automation/prepare-files.ts";
import { prepareScript, type ReadyScript } from "../../automation/prepare-script.ts";
import { runs } from "../../automation/schema.ts";
import { actAs } from "../../identity/act-as.ts";
import type { Actor } from "../../identity/actor.ts";
import type { Queryable } from "../../platform/database.ts";
import { HubError } from "../../platform/errors.ts";
import type { ScriptRun } from "../input.ts";
import { type TicketRow, ticketDecisions, tickets } from "../schema.ts";
import { type AskableKindOf, grantFor, type Span, spanOf, within } from "./kind.ts";
import { almighty } from "./server.ts";

export const scriptKind: AskableKindOf<ScriptRun> = {
  assetIds: ({ assetIds }) => assetIds,

  goesBeyond(given, asked) {
    if (!within(given.assetIds, asked.assetIds)) return "assetIds";
    if (given.scriptId !== asked.scriptId || given.version !== asked.version) return "version";
    if (!isDeepStrictEqual(given.parameters, asked.parameters)) return "parameters";
    if (given.account !== asked.account) return "account";
    if (given.timeoutSeconds !== asked.timeoutSeconds) return "timeoutSeconds";
    if (given.runs > asked.runs) return "runs";
    if (given.runBy !== null && given.runBy !== asked.runBy) return "runBy";
    return given.automatic && !asked.automatic ? "automatic" : null;
  },

  /** On an agent's own host it is the agent's own account, which is mostly root. */
  async namesPrivileged(db: Queryable, orgId, { assetIds, account }) {
    if (almighty.has(account.toLowerCase())) return true;
    const [found] = await db
      .select({ id: assets.id })
      .from(assets)
      .leftJoin(accounts, and(eq(accounts.assetId, assets.id), eq(accounts.username, account), eq(accounts.privileged, true)))
      .where(and(eq(assets.orgId, orgId), inArray(assets.id, assetIds), or(isNotNull(assets.agentId), isNotNull(accounts.id))))
      .limit(1);
    return found !== undefined;
  },

  isWithinRule: (_, auto) => auto.actions.includes("run"),

  needsSignature,

  async assertAskable(db, asked, ticket, now) {
    await scriptApprovalBytes(db, ticket, asked, { span: spanOf(asked, now), hubId: "", votes: [] }, now);
  },

  async give(tx, by, ticket, given, span, now, { signer }, signed) {
    const script = await boundScript(tx, await asRequester(tx, ticket, now), given);
    const grant = grantFor(ticket, span, {
      userIds: [...new Set([ticket.requesterId, ...(given.runBy === null ? [] : [given.runBy])])],
      assetIds: given.assetIds,
      accounts: [...new Set([given.account, "@agent"])], // an agent's own host knows no other
      protocols: ["@all"],
      actions: ["run"],
    });
    const grantId = await insertGrant(tx, by, grant, now, ticket.id, boundOf(script));
    if (signed === null && (await needsSignature(tx, ticket.orgId, given)))
      throw new HubError(
        "passkey-needed",
        "What runs on one of these assets is approved with a passkey. Sign with yours, on this hub's pages.",
      );
    const votes = await votesOn(tx, ticket);
    const bytes = signed?.bytes ?? (await scriptApprovalBytes(tx, ticket, given, { span, hubId: signer.hubId, votes }, now));
    const base64 = (some: Uint8Array) => Buffer.from(some).toString("base64");
    const approval = {
      approval: base64(bytes),
      signature: base64(signApproval(bytes, signer.key)),
      passkeys: signed === null ? [] : [signed.passkey],
    };
    await tx.update(tickets).set({ approval }).where(eq(tickets.id, ticket.id));
    return grantId;
  },
};

/** In whose name it runs, as who he is now. @throws HubError `owner-gone`. */
export const asRequester = (db: Queryable, { id, orgId, requesterId }: TicketRow, now: Date): Promise<Actor> =>
  actAs(db, orgId, requesterId, { kind: "ticket", ticketId: id }, now);

/**
 * What it would run, whole. Versions never change; what a parameter means by an asset may.
 *
 * @throws HubError as prepareScript().
 */
export async function boundScript(
  db: Queryable,
  person: Actor,
  { scriptId, version, parameters, account, timeoutSeconds }: ScriptRun,
): Promise<Omit<ReadyScript, "files"> & BoundScript> {
  const script = await prepareScript(db, person, { scriptId, version, parameters });
  const files = await prepareFiles(db, person, [], script.files);
  return { ...script, account, timeoutSeconds, files, artefacts: [] };
}

async function needsSignature(db: Queryable, orgId: string, { assetIds }: ScriptRun): Promise<boolean> {
  const [found] = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), inArray(assets.id, assetIds), eq(assets.signedApprovals, true)))
    .limit(1);
  return found !== undefined;
}

const votesOn = (db: Queryable, { id }: Pick<TicketRow, "id">) =>
  db
    .select({ userId: ticketDecisions.userId, at: ticketDecisions.at })
    .from(ticketDecisions)
    .where(and(eq(ticketDecisions.ticketId, id), eq(ticketDecisions.decision, "approve")))
    .orderBy(asc(ticketDecisions.at));

/** What agents check, before it is signed. @throws HubError as prepareScript() and approvalBytes(). */
export async function scriptApprovalBytes(
  db: Queryable,
  ticket: TicketRow,
  given: ScriptRun,
  { span: { from, until }, hubId, votes }: { span: Span; hubId: string; votes: { userId: string; at: Date }[] },
  now: Date,
): Promise<Uint8Array> {
  const person = await asRequester(db, ticket, now);
  const { id: ticketId, orgId } = ticket;
  return approvalBytes(db, {
    ticketId,
    orgId,
    hubId,
    script: await boundScript(db, person, given),
    assetIds: given.assetIds,
    username: person.username,
    from,
    until,
    runsMax: given.runs,
    votes,
  });
}

/** What those who decide have to read, and what became of it. Null for a request of another kind. */
export async function aboutScript(db: Queryable, ticket: TicketRow, now: Date) {
  const given = ticket.narrowed ?? ticket.asked;
  if (given.kind !== "script") return null;
  const begun = await db
    .select({ id: runs.id, state: runs.state, createdAt: runs.createdAt })
    .from(runs)
    .where(eq(runs.ticketId, ticket.id))
    .orderBy(asc(runs.createdAt));
  const script = await (async () => boundScript(db, await asRequester(db, ticket, now), given))().catch((error: unknown) => {
    if (error instanceof HubError) return null; // gone, or whoever asked is: the request stays readable
    throw error;
  });
  return {
    script:
      script === null
        ? null
        : {
            id: given.scriptId,
            name: script.name ?? "",
            version: given.version,
            interpreter: script.interpreter,
            body: script.body,
            arguments: script.arguments,
            environment: script.environment,
            secrets: Object.keys(script.secrets),
          },
    runs: begun.map(({ id, state, createdAt }) => ({ id, state, createdAt: createdAt.toISOString() })),
    left: Math.max(0, given.runs - begun.length),
    signature: await needsSignature(db, ticket.orgId, given),
    notBegun: ticket.notBegun,
  };
}
