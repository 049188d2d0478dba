// Changing one's own password, and setting one through a link. Other sign-ins end: whoever held the old password is out.
import { and, eq, ne } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { HubError } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import type { CurrentSignIn } from "./current-sign-in.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { badLink, usePasswordLink } from "./password-links.ts";
import { setAllowedPassword } from "./password-rules.ts";
import { passwordMatches } from "./passwords.ts";
import { findUser } from "./people.ts";
import { mayAct } from "./person-state.ts";
import { authSessions, users } from "./schema.ts";
import { letIn } from "./sign-in.ts";

/** @throws HubError `bad-credentials` when the current password is wrong. */
export async function changePassword(deps: IdentityDeps, actor: Actor, input: { current: string; next: string }): Promise<void> {
  const allowed = deps.attempts.take(actor.id, deps.clock.now().getTime());
  if (!allowed.ok || !(await passwordMatches(deps, deps.db, actor.id, input.current)))
    throw new HubError("bad-credentials", "The current password is wrong.", { facts: { attemptsLeft: 0 } });
  await deps.db.transaction(async (tx) => {
    // By the rules of where the account is at home, not of where its person works now.
    const user = await findUser(tx, actor.id);
    if (user === null) throw new Error("somebody signed in is not there");
    await setAllowedPassword(deps, tx, user, input.next);
    const others = actor.via.kind === "session" ? ne(authSessions.id, actor.via.sessionId) : undefined;
    await tx.delete(authSessions).where(and(eq(authSessions.userId, actor.id), others));
    await recordAudit(tx, {
      kind: "person.password-changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: { by: "self" },
    });
  });
}

/** Accepts an invitation or a reset link. Returns the address to sign in with. @throws HubError `bad-token`. */
export async function acceptPasswordLink(
  deps: IdentityDeps,
  input: { token: string; name: string; password: string },
  origin: Origin,
): Promise<string> {
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    const link = await usePasswordLink(tx, input.token, now);
    const user = link.userId === null ? null : await findUser(tx, link.userId);
    if (user === null || !mayAct({ ...user, accepted: true }, now) || link.purpose === "setup") throw badLink();
    await tx
      .update(users)
      .set({ name: input.name, accepted: true, failedSignIns: 0, lockedUntil: null, updatedAt: now })
      .where(eq(users.id, user.id));
    await setAllowedPassword(deps, tx, user, input.password);
    await tx.delete(authSessions).where(eq(authSessions.userId, user.id));
    const subject = { kind: "person" as const, id: user.id, name: input.name };
    const actor = { id: user.id, name: input.name };
    if (link.purpose === "invite")
      await recordAudit(tx, { kind: "person.joined", orgId: user.orgId, actor, subject, ip: origin.ip, data: {} });
    else
      await recordAudit(tx, {
        kind: "person.password-changed",
        orgId: user.orgId,
        actor,
        subject,
        ip: origin.ip,
        data: { by: "reset-link" },
      });
    return user.email;
  });
}

/** A new password that a sign-in waits for; lets in. @throws HubError `password-too-short`, `password-used-before`. */
export async function chooseNewPassword(
  deps: IdentityDeps,
  { user, signIn }: CurrentSignIn,
  password: string,
  origin: Origin,
): Promise<void> {
  if (await passwordMatches(deps, deps.db, user.id, password))
    throw new HubError("password-used-before", "This is your password already. Choose another.", { facts: { last: 1 } });
  await deps.db.transaction(async (tx) => {
    await setAllowedPassword(deps, tx, user, password);
    await tx.delete(authSessions).where(and(eq(authSessions.userId, user.id), ne(authSessions.id, signIn.id)));
    await recordAudit(tx, {
      kind: "person.password-changed",
      orgId: user.orgId,
      actor: { id: user.id, name: user.name },
      subject: { kind: "person", id: user.id, name: user.name },
      ip: origin.ip,
      data: { by: "self" },
    });
  });
  await letIn(deps, user, signIn.id, origin);
}
