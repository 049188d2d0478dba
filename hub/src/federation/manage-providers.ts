// What administrators do with systems that recognise people: add, change, remove, test. Each is a door into the organisation, so the person
// behind the browser is asked again.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, actOn, assertHolds, assertMay, permissionsOf } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import type { EndWorkOf } from "../identity/manage-people.ts";
import { lockMayGive } from "../identity/roles.ts";
import { authSessions, groupMembers, groups } from "../identity/schema.ts";
import { rowOf, type Transaction, withFreeName } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { checkDirectory } from "./check-directory.ts";
import type { FederationDeps } from "./deps.ts";
import { isFilter } from "./directory.ts";
import type { ChangeProvider, CreateProvider, Mapping, ProviderSettings } from "./input.ts";
import { forgetClient } from "./oidc-client.ts";
import { openProviderSecret, sealProviderSecret } from "./provider-secret.ts";
import { countRecognised, findProvider, listProviders, mappingsOf } from "./providers.ts";
import { refused } from "./refused.ts";
import { identityProviders, type ProviderRow, providerMappings } from "./schema.ts";
import { type TestResult, testProviderSettings } from "./test-provider.ts";

/** Each is a button on the sign-in page. */
const providersMax = 20;

/** @throws HubError `confirm-first`, `name-taken`, `too-many`, `not-found` for a group or role, `forbidden` for who may not everything. */
export async function createProvider(deps: FederationDeps, actor: Actor, input: CreateProvider): Promise<string> {
  const { db, clock } = deps.identity;
  assertMayOpenDoor(deps, actor);
  const { secret, mappings, ...fields } = input;
  assertFilter(input.settings);
  const now = clock.now();
  const row = {
    id: newId("idp", now.getTime()),
    orgId: actor.orgId,
    ...fields,
    secretVersion: 1,
    createdAt: now,
    updatedAt: now,
  };
  await withFreeName("a provider", input.name, () =>
    db.transaction(async (tx) => {
      if ((await listProviders(tx, actor.orgId)).length >= providersMax)
        throw new HubError("too-many", `There are ${providersMax} providers already. Remove one first.`);
      await tx.insert(identityProviders).values({ ...row, ...sealProviderSecret(deps.vault, row, secret) });
      await writeMappings(tx, actor, row.id, mappings);
      await recordAudit(tx, {
        kind: "provider.created",
        ...actOn(actor, "provider", row),
        data: { provider: JSON.stringify({ ...fields, mappings }) },
      });
    }),
  );
  return row.id;
}

/**
 * Who is signed in stays so, unless the provider is switched off: then whom it recognised is signed out.
 * @throws HubError as createProvider.
 */
export async function changeProvider(deps: FederationDeps, actor: Actor, input: ChangeProvider): Promise<void> {
  const { db, clock } = deps.identity;
  assertMayOpenDoor(deps, actor);
  const { id, secret, mappings, ...fields } = input;
  assertFilter(input.settings);
  await withFreeName("a provider", input.name, () =>
    db.transaction(async (tx) => {
      const row = await lockProvider(tx, actor.orgId, id);
      const before = { ...row, mappings: (await mappingsOf(tx, id)).map(plain) };
      const next = secret === undefined ? row : { ...row, secretVersion: row.secretVersion + 1 };
      await tx
        .update(identityProviders)
        .set({
          ...fields,
          updatedAt: clock.now(),
          ...(secret === undefined ? {} : { secretVersion: next.secretVersion, ...sealProviderSecret(deps.vault, next, secret) }),
        })
        .where(eq(identityProviders.id, id));
      await writeMappings(tx, actor, id, mappings);
      if (!input.active) await tx.delete(authSessions).where(eq(authSessions.providerId, id));
      const changes = changesOf(before, { ...fields, mappings });
      await recordAudit(tx, {
        kind: "provider.changed",
        ...actOn(actor, "provider", row),
        data: { ...changes, secret: secret !== undefined },
      });
    }),
  );
  forgetClient(id);
}

/** Whom it recognised is signed out and leaves the groups it put them in; the people stay. @throws HubError `confirm-first`, `not-found`. */
export async function removeProvider(deps: FederationDeps, actor: Actor, id: string): Promise<void> {
  assertMayManage(deps, actor);
  await deps.identity.db.transaction(async (tx) => {
    const row = await lockProvider(tx, actor.orgId, id);
    const people = await countRecognised(tx, id);
    await tx.delete(authSessions).where(eq(authSessions.providerId, id));
    await tx.delete(groupMembers).where(eq(groupMembers.providerId, id));
    await tx.delete(identityProviders).where(eq(identityProviders.id, id));
    await recordAudit(tx, { kind: "provider.deleted", ...actOn(actor, "provider", row), data: { people } });
  });
  forgetClient(id);
  await deps.identity.accessChanged(actor.orgId);
}

/** Does it answer, and as who it should? @throws HubError `not-found`. */
export async function testProvider(deps: FederationDeps, actor: Actor, id: string): Promise<TestResult> {
  assertMay(actor, "settings.manage");
  const row = await findProvider(deps.identity.db, actor.orgId, id);
  if (row === null) throw notFound("provider");
  return testProviderSettings(row.settings, openProviderSecret(deps.vault, row));
}

/** Looks now instead of at the next turn. Returns how many were gone. @throws HubError `not-found`, `provider-refused`. */
export async function checkProvider(deps: FederationDeps, endWorkOf: EndWorkOf, actor: Actor, id: string): Promise<number> {
  assertMay(actor, "settings.manage");
  const row = await findProvider(deps.identity.db, actor.orgId, id);
  if (row === null) throw notFound("provider");
  return checkDirectory(deps, endWorkOf, row).catch((cause: unknown) => {
    throw refused("unreachable", cause);
  });
}

function assertMayManage({ identity }: FederationDeps, actor: Actor): void {
  assertMay(actor, "settings.manage");
  freshMfa(actor, identity.clock.now());
}

/** Whoever says which system recognises people can be any of them, administrators among them. */
function assertMayOpenDoor(deps: FederationDeps, actor: Actor): void {
  assertMayManage(deps, actor);
  assertHolds(actor, permissionsOf("admin", null));
}

function assertFilter(settings: ProviderSettings): void {
  if (settings.kind === "ldap" && !isFilter(settings.userFilter))
    throw new HubError("bad-input", "The filter of people cannot be read; see RFC 4515 for how one is written.", {
      facts: { fields: "userFilter" },
    });
}

async function writeMappings(tx: Transaction, actor: Actor, providerId: string, mappings: readonly Mapping[]): Promise<void> {
  const groupIds = [...new Set(mappings.flatMap(({ groupId }) => groupId ?? []))];
  const known = await tx
    .select({ id: groups.id })
    .from(groups)
    .where(and(eq(groups.orgId, actor.orgId), inArray(groups.id, groupIds)));
  if (known.length !== groupIds.length) throw notFound("group");
  for (const { role } of mappings) if (role !== null) await lockMayGive(tx, actor, role);
  await tx.delete(providerMappings).where(eq(providerMappings.providerId, providerId));
  if (mappings.length > 0)
    await tx.insert(providerMappings).values(mappings.map((mapping, n) => ({ id: newId("map", n), providerId, ...mapping })));
}

const plain = ({ value, groupId, role }: Mapping): Mapping => ({ value, groupId, role });

const lockProvider = (tx: Transaction, orgId: string, id: string): Promise<ProviderRow> =>
  rowOf(
    tx
      .select()
      .from(identityProviders)
      .where(and(eq(identityProviders.orgId, orgId), eq(identityProviders.id, id)))
      .for("update"),
    "provider",
  );
