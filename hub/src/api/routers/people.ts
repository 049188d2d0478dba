// People and their access keys.
import { z } from "zod";
import { createAccessKey, listAccessKeys, revokeAccessKey } from "../../identity/access-keys.ts";
import { auditActor } from "../../identity/actor.ts";
import * as input from "../../identity/input.ts";
import { disablePerson, enablePerson, invitePerson, makeResetLink, setRole, unlockPerson } from "../../identity/manage-people.ts";
import { listPeople } from "../../identity/people.ts";
import { presentKey, presentPerson } from "../../identity/present.ts";
import { byId } from "../../platform/input.ts";
import { baseUrl } from "../links.ts";
import { needs, router, signedIn } from "../trpc.ts";

const reading = needs("people.read");
const managing = needs("people.manage");

export const peopleRouter = router({
  list: reading.input(input.listPeople).query(async ({ ctx, input: given }) => {
    const now = ctx.hub.identity.clock.now();
    const { rows, nextCursor, total } = await listPeople(ctx.hub.identity.db, ctx.actor.orgId, given);
    return { items: rows.map((row) => presentPerson(row, now)), nextCursor, total };
  }),
  invite: managing.input(input.invite).mutation(async ({ ctx, input: given }) => {
    const { id, token, expiresAt } = await invitePerson(ctx.hub.identity, ctx.actor, given);
    ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", id);
    return { id, link: `${baseUrl(ctx)}/invite?token=${token}`, expiresAt: expiresAt.toISOString() };
  }),
  resetLink: managing.input(byId).mutation(async ({ ctx, input: { id } }) => {
    const { token, expiresAt } = await makeResetLink(ctx.hub.identity, ctx.actor, id);
    return { link: `${baseUrl(ctx)}/invite?token=${token}`, expiresAt: expiresAt.toISOString() };
  }),
  setRole: managing.input(input.setRole).mutation(async ({ ctx, input: given }) => {
    await setRole(ctx.hub.identity, ctx.actor, given);
    ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", given.id);
    return {};
  }),
  disable: managing.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await disablePerson(ctx.hub.identity, ctx.hub.endWorkOf, ctx.actor, id);
    ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", id);
    return {};
  }),
  enable: managing.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await enablePerson(ctx.hub.identity, ctx.actor, id);
    ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", id);
    return {};
  }),
  unlock: managing.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await unlockPerson(ctx.hub.identity, ctx.actor, id);
    ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", id);
    return {};
  }),
});

export const keysRouter = router({
  list: signedIn.query(async ({ ctx }) => ({ items: (await listAccessKeys(ctx.hub.identity.db, ctx.actor.id)).map(presentKey) })),
  create: signedIn
    .input(input.createKey)
    .mutation(({ ctx, input: given }) =>
      createAccessKey(ctx.hub.identity, ctx.actor, auditActor(ctx.actor), ctx.actor.ip, given),
    ),
  revoke: signedIn.input(z.object({ id: z.string() })).mutation(async ({ ctx, input: { id } }) => {
    await revokeAccessKey(ctx.hub.identity, ctx.actor, id);
    return {};
  }),
});
