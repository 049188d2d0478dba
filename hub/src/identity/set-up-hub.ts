// The first administrator: through the one-time link, or from the configuration.
import { newId } from "@sallyport/protocol/ids";
import { recordAudit } from "../audit/record-audit.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { makePasswordLink, usePasswordLink } from "./password-links.ts";
import { setPassword } from "./passwords.ts";
import { anyAdministrator, defaultOrganisation } from "./people.ts";
import { organisations, users } from "./schema.ts";
import { freeUsername } from "./usernames.ts";

/** Makes the default organisation on the first start. */
export async function ensureOrganisation({ db, clock, onOrganisation }: IdentityDeps): Promise<{ id: string; name: string }> {
  const found = await defaultOrganisation(db);
  if (found !== null) return found;
  const organisation = { id: newId("org"), name: "Default" };
  await db.transaction(async (tx) => {
    await tx.insert(organisations).values({ ...organisation, slug: "default", createdAt: clock.now() });
    await onOrganisation(tx, organisation.id);
  });
  return organisation;
}

/** A new set-up token while nobody can sign in, else null. */
export async function offerSetup({ db, clock }: IdentityDeps, orgId: string): Promise<string | null> {
  if (await anyAdministrator(db)) return null;
  return (await makePasswordLink(db, { orgId, purpose: "setup", userId: null }, clock.now())).token;
}

type FirstAdministrator = { name: string; email: string; password: string };

/** @throws HubError `setup-done` when there is an administrator, `bad-token` for a link that does not hold. */
export async function setUpHub(deps: IdentityDeps, input: FirstAdministrator & { token: string }, origin: Origin): Promise<void> {
  const { db, clock } = deps;
  if (await anyAdministrator(db))
    throw new HubError("setup-done", "This hub is already set up. Sign in, or ask an administrator for an invitation.");
  await db.transaction(async (tx) => {
    const link = await usePasswordLink(tx, input.token, clock.now());
    if (link.purpose !== "setup") throw new HubError("bad-token", "This is not a set-up link.");
    await createAdministrator(deps, tx, link.orgId, input, origin);
  });
}

/** From SALLYPORT_ADMIN_EMAIL and SALLYPORT_ADMIN_PASSWORD; does nothing once there is an administrator. */
export async function setUpFromConfig(deps: IdentityDeps, orgId: string, input: FirstAdministrator): Promise<void> {
  if (await anyAdministrator(deps.db)) return;
  await deps.db.transaction((tx) => createAdministrator(deps, tx, orgId, input, { ip: null, userAgent: "configuration" }));
}

async function createAdministrator(
  deps: IdentityDeps,
  tx: Transaction,
  orgId: string,
  input: FirstAdministrator,
  origin: Origin,
): Promise<void> {
  const now = deps.clock.now();
  const user = {
    id: newId("usr"),
    name: input.name,
    email: input.email.toLowerCase(),
    emailVerified: true,
    createdAt: now,
    updatedAt: now,
    orgId,
    role: "admin" as const,
    accepted: true,
    systemAdmin: true,
  };
  await tx.insert(users).values({ ...user, username: await freeUsername(tx, user.email) });
  await setPassword(deps, tx, user.id, input.password);
  await recordAudit(
    tx,
    {
      kind: "setup.completed",
      orgId,
      actor: { id: user.id, name: user.name },
      subject: { kind: "person", id: user.id, name: user.name },
      ip: origin.ip,
      data: {},
    },
    now,
  );
}
