// What an organisation asks of its people at sign-in.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { type Actor, assertMay, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { freshMfa } from "./fresh-mfa.ts";
import type { SignInPolicy } from "./input.ts";
import { lockRole } from "./roles.ts";
import { signInPolicies } from "./schema.ts";

/** Of an organisation that has chosen nothing. */
const atFirst: SignInPolicy = {
  mfaRoles: [],
  passwordLengthMin: 10,
  passwordHistory: 0,
  passwordDaysMax: null,
  idleDaysMax: null,
};

export async function findSignInPolicy(db: Queryable, orgId: string): Promise<SignInPolicy> {
  const [row] = await db.select().from(signInPolicies).where(eq(signInPolicies.orgId, orgId));
  if (row === undefined) return atFirst;
  const { orgId: _, ...policy } = row;
  return policy;
}

/** Holds from the next sign-in on: who is in stays in. @throws HubError `confirm-first`, `not-found` for a role. */
export async function setSignInPolicy({ db, clock }: IdentityDeps, actor: Actor, policy: SignInPolicy): Promise<void> {
  assertMay(actor, "settings.manage");
  freshMfa(actor, clock.now());
  await db.transaction(async (tx) => {
    for (const role of policy.mfaRoles) await lockRole(tx, actor.orgId, role);
    const before = await findSignInPolicy(tx, actor.orgId);
    await tx
      .insert(signInPolicies)
      .values({ orgId: actor.orgId, ...policy })
      .onConflictDoUpdate({ target: signInPolicies.orgId, set: policy });
    await recordAudit(tx, {
      kind: "sign-in-policy.changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: null,
      ip: actor.ip,
      data: { before: JSON.stringify(before), after: JSON.stringify(policy) },
    });
  });
}
