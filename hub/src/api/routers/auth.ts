// Signing in and out, the first administrator, invitations, one's own password and sign-ins.

import { eq } from "drizzle-orm";
import { acceptPasswordLink, changePassword, chooseNewPassword } from "../../identity/change-password.ts";
import { findSignIn, pendingSignIn } from "../../identity/current-sign-in.ts";
import { freshMfa } from "../../identity/fresh-mfa.ts";
import * as input from "../../identity/input.ts";
import { findMember } from "../../identity/members.ts";
import { badLink, findPasswordLink } from "../../identity/password-links.ts";
import { anyAdministrator, findOrganisation } from "../../identity/people.ts";
import { presentMe, presentSignIn } from "../../identity/present.ts";
import { requestReset } from "../../identity/request-reset.ts";
import { authSessions, users } from "../../identity/schema.ts";
import {
  beginTotp,
  confirmIdentity,
  confirmTotp,
  removeTotp,
  renewRecoveryCodes,
  secondFactorOf,
  showCodeAtSignIn,
} from "../../identity/second-factor.ts";
import { setUpHub } from "../../identity/set-up-hub.ts";
import { goOn, letIn, signIn } from "../../identity/sign-in.ts";
import { pendingStage } from "../../identity/sign-in-stage.ts";
import { endSignIn, listSignIns } from "../../identity/sign-ins.ts";
import { renderLinkMail } from "../../notify/mails.ts";
import { HubError } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import { outcomeOf, withdrawReview } from "../../tickets/raise-review.ts";
import { assertNotGuessing } from "../guessing.ts";
import { baseUrl } from "../links.ts";
import { type Context, open, router, signedIn } from "../trpc.ts";

async function describeMe({ hub }: Context, { id, orgId }: { id: string; orgId: string }) {
  const user = await findMember(hub.identity.db, orgId, id);
  const organisation = user === null ? null : await findOrganisation(hub.identity.db, orgId);
  if (user === null || organisation === null) throw new HubError("not-signed-in", "This account is gone.");
  return presentMe(user, organisation);
}

async function enter(ctx: Context, credentials: { email: string; password: string }) {
  const { user, stage, setCookie } = await signIn(ctx.hub.identity, credentials, ctx.origin);
  ctx.setCookies(setCookie);
  return { stage, me: stage === "in" ? await describeMe(ctx, user) : null };
}

/** What a visitor who is not in has still to show; null for everybody else. */
async function pendingOf({ hub, actor, cookie }: Context) {
  if (actor !== null || cookie === undefined) return null;
  const current = await findSignIn(hub.identity, cookie);
  return current === null ? null : pendingStage(current.signIn.stage, current.signIn.createdAt, hub.identity.clock.now());
}

/** Who sets up a second factor: led there at sign-in, or signed in and confirmed. */
async function settingUp(ctx: Context) {
  const { identity } = ctx.hub;
  if (ctx.actor === null) return pendingSignIn(identity, ctx.cookie, "enrol");
  freshMfa(ctx.actor, identity.clock.now());
  const current = await findSignIn(identity, ctx.cookie);
  if (current === null) throw new HubError("not-signed-in", "Sign in first.");
  return current;
}

export const authRouter = router({
  state: open.query(async ({ ctx }) => ({
    signedIn: ctx.actor !== null,
    needsSetup: !(await anyAdministrator(ctx.hub.identity.db)),
    pending: await pendingOf(ctx),
    me: ctx.actor === null ? null : await describeMe(ctx, ctx.actor),
    hub: { name: ctx.host ?? "", version: ctx.hub.version, mails: ctx.hub.mailer !== null },
  })),
  setup: open.input(input.setup).mutation(async ({ ctx, input: given }) => {
    assertNotGuessing(ctx);
    await setUpHub(ctx.hub.identity, given, ctx.origin);
    return enter(ctx, given);
  }),
  signIn: open.input(input.signIn).mutation(({ ctx, input: given }) => enter(ctx, given)),
  signOut: signedIn.mutation(async ({ ctx }) => {
    if (ctx.actor.via.kind === "session") await endSignIn(ctx.hub.identity, ctx.actor, ctx.actor.via.sessionId);
    ctx.setCookies([noCookie]);
    return {};
  }),
  /** Gives up a sign-in half-way. */
  cancelSignIn: open.mutation(async ({ ctx }) => {
    const { db } = ctx.hub.identity;
    const current = ctx.actor === null ? await findSignIn(ctx.hub.identity, ctx.cookie) : null;
    if (current === null) return {};
    await db.delete(authSessions).where(eq(authSessions.id, current.signIn.id));
    if (current.signIn.reviewId !== null) await withdrawReview(ctx.hub.tickets, current.signIn.reviewId);
    ctx.setCookies([noCookie]);
    return {};
  }),
  /** The code that a sign-in waits for. */
  showCode: open.input(input.code).mutation(async ({ ctx, input: { code } }) => {
    const current = await pendingSignIn(ctx.hub.identity, ctx.cookie, "code");
    await showCodeAtSignIn(ctx.hub.identity, current, code, ctx.origin);
    return {};
  }),
  /** What became of the review that a sign-in waits for. */
  review: open.query(async ({ ctx }) => {
    const { signIn } = await pendingSignIn(ctx.hub.identity, ctx.cookie, "review");
    return outcomeOf(ctx.hub.tickets, signIn.reviewId ?? "");
  }),
  /** It was let through: in, if nothing else holds it up by now. */
  afterReview: open.mutation(async ({ ctx }) => {
    const { identity, tickets } = ctx.hub;
    const { user, signIn } = await pendingSignIn(identity, ctx.cookie, "review");
    const { state } = await outcomeOf(tickets, signIn.reviewId ?? "");
    if (state !== "approved") throw new HubError("ticket-state", "Nobody has let this through yet.", { facts: { state } });
    await letIn(identity, user, signIn.id, ctx.origin, signIn.confirmedAt);
    return {};
  }),
  /** The new password that a sign-in waits for. */
  newPassword: open.input(input.newPassword).mutation(async ({ ctx, input: { password } }) => {
    const current = await pendingSignIn(ctx.hub.identity, ctx.cookie, "password");
    await chooseNewPassword(ctx.hub.identity, current, password, ctx.origin);
    return {};
  }),
  secondFactor: signedIn.query(({ ctx }) => secondFactorOf(ctx.hub.identity, ctx.actor)),
  beginTotp: open.mutation(async ({ ctx }) => {
    const { user } = await settingUp(ctx);
    return beginTotp(ctx.hub.identity, user, `Sallyport ${new URL(baseUrl(ctx)).host}`);
  }),
  confirmTotp: open.input(input.code).mutation(async ({ ctx, input: { code } }) => {
    const { user, signIn } = await settingUp(ctx);
    const recoveryCodes = await confirmTotp(ctx.hub.identity, user, code, ctx.origin);
    if (signIn.stage === "enrol") await goOn(ctx.hub.identity, user, signIn.id, ctx.origin);
    return { recoveryCodes };
  }),
  removeTotp: signedIn.mutation(async ({ ctx }) => {
    await removeTotp(ctx.hub.identity, ctx.actor);
    return {};
  }),
  renewRecoveryCodes: signedIn.mutation(async ({ ctx }) => ({
    recoveryCodes: await renewRecoveryCodes(ctx.hub.identity, ctx.actor),
  })),
  /** Shows again who is there, for acts that answer `confirm-first`. */
  confirm: signedIn.input(input.confirmIdentity).mutation(async ({ ctx, input: given }) => {
    await confirmIdentity(ctx.hub.identity, ctx.actor, given);
    return {};
  }),
  inviteInfo: open.input(input.inviteInfo).query(async ({ ctx, input: { token } }) => {
    assertNotGuessing(ctx);
    const link = await findPasswordLink(ctx.hub.identity.db, token, ctx.hub.identity.clock.now());
    const user = link?.userId ? await findMember(ctx.hub.identity.db, link.orgId, link.userId) : null;
    if (link === null || user === null) throw badLink();
    return {
      email: user.email,
      name: user.name,
      role: user.role,
      roleName: user.roleName,
      expiresAt: link.expiresAt.toISOString(),
    };
  }),
  acceptInvite: open.input(input.acceptInvite).mutation(async ({ ctx, input: given }) => {
    assertNotGuessing(ctx);
    const email = await acceptPasswordLink(ctx.hub.identity, given, ctx.origin);
    return enter(ctx, { email, password: given.password });
  }),
  /** The same answer, in the same time, for everybody: what there is to do is done afterwards. */
  forgotPassword: open.input(input.forgotPassword).mutation(async ({ ctx, input: { email } }) => {
    assertNotGuessing(ctx);
    const { identity, mailer, outbox, config } = ctx.hub;
    const { publicUrl } = config;
    if (mailer === null || publicUrl === undefined) return {};
    const hub = new URL(publicUrl).host;
    outbox.add(async () => {
      const made = await requestReset(identity, email, ctx.origin);
      if (made === null) return;
      const { user, token, expiresAt } = made;
      const link = `${publicUrl}/invite?token=${token}`;
      const mail = renderLinkMail({ kind: "forgot", name: user.name, by: "", link, expiresAt, hub }, user.language ?? "en");
      await mailer.send({ name: user.name, address: user.email }, mail);
    });
    return {};
  }),
  changePassword: signedIn.input(input.changePassword).mutation(async ({ ctx, input: given }) => {
    await changePassword(ctx.hub.identity, ctx.actor, given);
    return {};
  }),
  sessions: signedIn.query(async ({ ctx }) => {
    const rows = await listSignIns(ctx.hub.identity.db, ctx.actor.id, ctx.hub.identity.clock.now());
    return { items: rows.map((row) => presentSignIn(row, ctx.actor)) };
  }),
  endSession: signedIn.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await endSignIn(ctx.hub.identity, ctx.actor, id);
    return {};
  }),
  setLanguage: signedIn.input(input.setLanguage).mutation(async ({ ctx, input: { language } }) => {
    await ctx.hub.identity.db.update(users).set({ language }).where(eq(users.id, ctx.actor.id));
    return {};
  }),
});

const noCookie = "sallyport.session_token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax";
