// People and their access keys.
import { z } from "zod";
import { createAccessKey, listAccessKeys, revokeAccessKey } from "../../identity/access-keys.ts";
import { findColleagues } from "../../identity/find-colleagues.ts";
import { groupsOf } from "../../identity/groups.ts";
import * as input from "../../identity/input.ts";
import {
  disablePerson,
  enablePerson,
  forEachPerson,
  invitePerson,
  makeResetLink,
  requireNewPassword,
  setRole,
  unlockPerson,
} from "../../identity/manage-people.ts";
import { findMember } from "../../identity/members.ts";
import { findUserOf, listPeople } from "../../identity/people.ts";
import { importPeople } from "../../identity/people-csv.ts";
import { presentKey, presentPerson, presentSignIn } from "../../identity/present.ts";
import { resetSecondFactor } from "../../identity/second-factor.ts";
import { endSignInOf, listSignIns } from "../../identity/sign-ins.ts";
import { updatePerson } from "../../identity/update-person.ts";
import { notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import { nothing, pageOf } from "../output.ts";
import { queueInvitations, sendOrShow } from "../password-mail.ts";
import * as output from "../people-output.ts";
import { type Context, needs, router, signedIn } from "../trpc.ts";

const reading = needs("people.read");
const managing = needs("people.manage");

const tag = "People";
const announce = ({ hub }: Context, orgId: string, id: string | null = null): void =>
  hub.fleet.changes.announce(orgId, "people", id);

export const peopleRouter = router({
  list: reading
    .meta({ rest: { method: "GET", path: "/people", tag, summary: "People, by name" } })
    .input(input.listPeople)
    .output(pageOf(output.person))
    .query(async ({ ctx, input: given }) => {
      const now = ctx.hub.identity.clock.now();
      const { rows, nextCursor, total } = await listPeople(ctx.hub.identity.db, ctx.actor.orgId, given, now);
      return { items: rows.map((row) => presentPerson(row, now)), nextCursor, total };
    }),
  get: reading
    .meta({ rest: { method: "GET", path: "/people/{id}", tag, summary: "A person and the groups they are in" } })
    .input(byId)
    .output(output.personWithGroups)
    .query(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.identity;
      const user = await findMember(db, ctx.actor.orgId, id);
      if (user === null) throw notFound("person");
      return { ...presentPerson(user, clock.now()), groups: await groupsOf(db, ctx.actor.orgId, id) };
    }),
  colleagues: signedIn
    .meta({
      rest: { method: "GET", path: "/people/colleagues", tag, summary: "People of your organisation by a piece of their name" },
    })
    .input(input.findColleagues)
    .output(output.colleagues)
    .query(async ({ ctx, input: given }) => ({
      items: await findColleagues(ctx.hub.identity.db, ctx.actor.orgId, given),
    })),
  invite: managing
    .meta({ rest: { method: "POST", path: "/people", status: 201, tag, summary: "Invite a person" } })
    .input(input.invite)
    .output(output.invited)
    .mutation(async ({ ctx, input: given }) => {
      const { id, ...link } = await invitePerson(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId, id);
      return { id, ...(await sendOrShow(ctx, id, "invite", link)) };
    }),
  import: managing
    .meta({
      rest: { method: "POST", path: "/people-import", tag, summary: "Add and change people by a CSV file, or only try it" },
    })
    .input(input.importPeople)
    .output(output.peopleImport)
    .mutation(async ({ ctx, input: given }) => {
      const { report, invitations } = await importPeople(ctx.hub.identity, ctx.actor, given);
      if (report.applied) announce(ctx, ctx.actor.orgId);
      return { ...report, invitations: queueInvitations(ctx, invitations) };
    }),
  update: managing
    .meta({ rest: { method: "POST", path: "/people/{id}", tag, summary: "Change a person's fields; what is left out stays" } })
    .input(input.updatePerson)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await updatePerson(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId, given.id);
      return {};
    }),
  resetLink: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/reset-link", tag, summary: "Make a link that sets a new password" } })
    .input(byId)
    .output(output.passwordLink)
    .mutation(async ({ ctx, input: { id } }) => {
      const { purpose, ...link } = await makeResetLink(ctx.hub.identity, ctx.actor, id);
      return sendOrShow(ctx, id, purpose, link);
    }),
  setRole: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/role", tag, summary: "Change a person's role" } })
    .input(input.setRole)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await setRole(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId, given.id);
      return {};
    }),
  disable: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/disable", tag, summary: "Disable a person; what they have open ends" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await disablePerson(ctx.hub.identity, ctx.hub.endWorkOf, ctx.actor, id);
      announce(ctx, ctx.actor.orgId, id);
      return {};
    }),
  enable: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/enable", tag, summary: "Enable a disabled person" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await enablePerson(ctx.hub.identity, ctx.actor, id);
      announce(ctx, ctx.actor.orgId, id);
      return {};
    }),
  disableMany: managing
    .meta({ rest: { method: "POST", path: "/people-disable", tag, summary: "Disable several people, each on its own" } })
    .input(input.people)
    .output(output.bulk)
    .mutation(async ({ ctx, input: { ids } }) => {
      const { identity, endWorkOf } = ctx.hub;
      const result = await forEachPerson(ids, (id) => disablePerson(identity, endWorkOf, ctx.actor, id));
      announce(ctx, ctx.actor.orgId);
      return result;
    }),
  enableMany: managing
    .meta({ rest: { method: "POST", path: "/people-enable", tag, summary: "Enable several people, each on its own" } })
    .input(input.people)
    .output(output.bulk)
    .mutation(async ({ ctx, input: { ids } }) => {
      const result = await forEachPerson(ids, (id) => enablePerson(ctx.hub.identity, ctx.actor, id));
      announce(ctx, ctx.actor.orgId);
      return result;
    }),
  resetSecondFactor: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/reset-second-factor", tag, summary: "Take a lost second factor away" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await resetSecondFactor(ctx.hub.identity, ctx.hub.endWorkOf, ctx.actor, id);
      announce(ctx, ctx.actor.orgId, id);
      return {};
    }),
  requireNewPassword: managing
    .meta({
      rest: {
        method: "POST",
        path: "/people/{id}/require-new-password",
        tag,
        summary: "Ask for a new password at the next sign-in",
      },
    })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await requireNewPassword(ctx.hub.identity, ctx.actor, id);
      return {};
    }),
  sessions: managing
    .meta({ rest: { method: "GET", path: "/people/{id}/sign-ins", tag, summary: "Where a person is signed in" } })
    .input(byId)
    .output(output.signIns)
    .query(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.identity;
      if ((await findUserOf(db, ctx.actor.orgId, id)) === null) throw notFound("person");
      return { items: (await listSignIns(db, id, clock.now())).map((row) => presentSignIn(row, ctx.actor)) };
    }),
  endSession: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/sign-ins/end", tag, summary: "End one of a person's sign-ins" } })
    .input(input.endSessionOf)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await endSignInOf(ctx.hub.identity, ctx.actor, given);
      return {};
    }),
  unlock: managing
    .meta({ rest: { method: "POST", path: "/people/{id}/unlock", tag, summary: "Unlock a person after wrong passwords" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await unlockPerson(ctx.hub.identity, ctx.actor, id);
      announce(ctx, ctx.actor.orgId, id);
      return {};
    }),
});

export const keysRouter = router({
  list: signedIn.query(async ({ ctx }) => ({ items: (await listAccessKeys(ctx.hub.identity.db, ctx.actor.id)).map(presentKey) })),
  create: signedIn
    .input(input.createKey)
    .mutation(({ ctx, input: given }) => createAccessKey(ctx.hub.identity, ctx.actor, given)),
  revoke: signedIn.input(z.object({ id: z.string() })).mutation(async ({ ctx, input: { id } }) => {
    await revokeAccessKey(ctx.hub.identity, ctx.actor, id);
    return {};
  }),
});
