// A host becomes an agent: the token is used up, its key is kept. Of a hundred uses of one token, one succeeds.
import { createPublicKey, verify } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { and, eq, gt, isNull } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { isUniqueViolation, type Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { hashToken } from "../platform/secret.ts";
import type { FleetDeps } from "./deps.ts";
import { nameFrom, readHostFacts } from "./host-facts.ts";
import type { Enrol } from "./input.ts";
import { type AgentRow, agents, enrolmentTokens } from "./schema.ts";

const proofContext = Buffer.from("sallyport/enrol/v1\0");

/** DER of an Ed25519 SubjectPublicKeyInfo up to the 32 raw bytes (RFC 8410 §4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

export const agentPublicKey = (base64: string) =>
  createPublicKey({ key: Buffer.concat([spkiPrefix, Buffer.from(base64, "base64")]), format: "der", type: "spki" });

/**
 * @throws HubError `bad-proof` when the sender does not hold the key, `token-unknown`, `token-used` or `token-expired`.
 *   A refusal is audited where the token tells whose it is.
 */
export async function enrolAgent(deps: FleetDeps, input: Enrol, ip: string | null): Promise<AgentRow> {
  const now = deps.clock.now();
  if (
    !verify(
      null,
      Buffer.concat([proofContext, Buffer.from(input.token)]),
      agentPublicKey(input.publicKey),
      Buffer.from(input.proof, "base64"),
    )
  ) {
    throw new HubError("bad-proof", "The enrolment is not signed with the key it names.");
  }
  const enrolled = await deps.db
    .transaction((tx) => enrol(tx))
    .catch((error: unknown) => {
      throw isUniqueViolation(error)
        ? new HubError(
            "conflict",
            "An agent has this key already. Each enrolment needs a new one: remove the agent's state folder and start again.",
          )
        : error;
    });
  // Thrown after the commit, so that the refusal's audit event stays.
  if (enrolled instanceof HubError) throw enrolled;
  deps.changes.announce(enrolled.agent.orgId, "enrolment", enrolled.tokenId);
  deps.changes.announce(enrolled.agent.orgId, "agents", enrolled.agent.id);
  deps.changes.announce(enrolled.agent.orgId, "assets");
  return enrolled.agent;

  async function enrol(tx: Transaction): Promise<{ agent: AgentRow; tokenId: string } | HubError> {
    const [token] = await tx
      .update(enrolmentTokens)
      .set({ usedAt: now })
      .where(
        and(
          eq(enrolmentTokens.tokenHash, hashToken(input.token)),
          isNull(enrolmentTokens.usedAt),
          gt(enrolmentTokens.expiresAt, now),
        ),
      )
      .returning();
    if (token === undefined) return refusalFor(tx, input.token, ip);
    const agent: AgentRow = {
      id: newId("agt"),
      orgId: token.orgId,
      zoneId: token.zoneId,
      name: token.name ?? nameFrom(input.name ?? input.hostname),
      publicKey: input.publicKey,
      version: null,
      facts: readHostFacts(input.facts ?? { hostname: input.hostname }, now),
      enrolledAt: now,
      lastSeenAt: null,
      onlineSince: null,
      online: false,
      address: ip,
      transport: null,
      clockSkewMs: null,
      duplicateSeenAt: null,
      offlineToldAt: null,
      duplicateAddresses: null,
      revokedAt: null,
      orderSequence: 0,
    };
    await tx.insert(agents).values(agent);
    await tx.update(enrolmentTokens).set({ agentId: agent.id }).where(eq(enrolmentTokens.id, token.id));
    await deps.onEnrolled(tx, agent);
    await recordAudit(tx, {
      kind: "agent.enrolled",
      orgId: token.orgId,
      actor: null,
      subject: { kind: "agent", id: agent.id, name: agent.name },
      ip,
      data: { hostname: nameFrom(input.hostname), tokenId: token.id },
    });
    return { agent, tokenId: token.id };
  }
}

async function refusalFor(tx: Transaction, token: string, ip: string | null): Promise<HubError> {
  const [row] = await tx
    .select()
    .from(enrolmentTokens)
    .where(eq(enrolmentTokens.tokenHash, hashToken(token)));
  if (row === undefined)
    return new HubError(
      "token-unknown",
      "This enrolment token is not one of this hub. Copy the whole line again, from this hub's console.",
    );
  const refusal =
    row.usedAt !== null
      ? new HubError(
          "token-used",
          `This enrolment token was used at ${row.usedAt.toISOString()}. Each token enrols one agent; make a new one in the console.`,
        )
      : new HubError(
          "token-expired",
          `This enrolment token expired at ${row.expiresAt.toISOString()}. Make a new one in the console; it lives fifteen minutes.`,
        );
  await recordAudit(tx, {
    kind: "enrolment.refused",
    orgId: row.orgId,
    actor: null,
    subject: { kind: "token", id: row.id, name: row.name ?? "" },
    ip,
    data: { code: refusal.code },
  });
  return refusal;
}
