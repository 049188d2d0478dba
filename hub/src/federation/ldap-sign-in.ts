// Signing in with the name and password of a directory. The password goes to the directory and nowhere else.
import { and, eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import type { Origin } from "../identity/deps.ts";
import { authSessions } from "../identity/schema.ts";
import { lockedOut } from "../identity/sign-in.ts";
import type { SignInStage } from "../identity/sign-in-stage.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { FederationDeps } from "./deps.ts";
import { askDirectory, findBySubjects, findByUsername, groupsOf, passwordHolds } from "./directory.ts";
import { enter, recordingRefusal } from "./enter.ts";
import type { LdapSettings } from "./input.ts";
import { openProviderSecret } from "./provider-secret.ts";
import { findActiveProvider } from "./providers.ts";
import { refused } from "./refused.ts";
import { externalIdentities, type ProviderRow } from "./schema.ts";

/**
 * @throws HubError `bad-credentials` for an unknown name and a wrong password alike, `locked-out` after too many, `provider-refused` when the
 *   directory does not answer or the person may not come in.
 */
export async function signInLdap(
  deps: FederationDeps,
  { id, username, password }: { id: string; username: string; password: string },
  origin: Origin,
): Promise<{ stage: SignInStage; setCookie: string[] }> {
  const { provider, settings } = await ldapProvider(deps, id);
  const found = await guarded(deps, `${id} ${username.toLowerCase()}`, () =>
    recordingRefusal(deps, provider, origin, () =>
      reaching(async () => {
        const secret = openProviderSecret(deps.vault, provider) ?? "";
        const person = await askDirectory(settings, secret, async (client) => {
          const one = await findByUsername(client, settings, username);
          return one === null ? null : { ...one, groups: await groupsOf(client, settings, one) };
        });
        // Nobody's password is asked for, too: the time must not tell whose names there are.
        const right = await passwordHolds(settings, person?.dn ?? `cn=nobody,${settings.baseDn}`, password);
        if (person === null || !right) throw refused("credentials");
        return person;
      }),
    ),
  );
  const said = { ...found, emailVerified: true }; // the directory gave the address: nobody chose it
  return enter(deps, provider, said, deps.identity.clock.now(), origin);
}

/** Shows again who is there, for `freshMfa`, with the password of the directory that this sign-in came from. @throws as signInLdap. */
export async function confirmByDirectory(deps: FederationDeps, actor: Actor, password: string): Promise<void> {
  const { db, clock } = deps.identity;
  const { via } = actor;
  if (via.kind !== "session") throw new HubError("forbidden", "An access key cannot confirm that a person is there.");
  const [known] = await db
    .select({ subject: externalIdentities.subject, providerId: externalIdentities.providerId })
    .from(externalIdentities)
    .innerJoin(authSessions, eq(authSessions.providerId, externalIdentities.providerId))
    .where(and(eq(authSessions.id, via.sessionId), eq(externalIdentities.userId, actor.id)));
  if (known === undefined) throw notFound("provider");
  const { provider, settings } = await ldapProvider(deps, known.providerId);
  await guarded(deps, `${provider.id} ${actor.id}`, () =>
    reaching(async () => {
      const secret = openProviderSecret(deps.vault, provider) ?? "";
      const [person] = await askDirectory(settings, secret, (client) => findBySubjects(client, settings, [known.subject]));
      if (!(await passwordHolds(settings, person?.dn ?? `cn=nobody,${settings.baseDn}`, password))) throw refused("credentials");
    }),
  );
  await db.transaction(async (tx) => {
    await tx.update(authSessions).set({ confirmedAt: clock.now() }).where(eq(authSessions.id, via.sessionId));
    await recordAudit(tx, {
      kind: "person.confirmed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: { by: "directory" },
    });
  });
}

async function ldapProvider(deps: FederationDeps, id: string): Promise<{ provider: ProviderRow; settings: LdapSettings }> {
  const provider = await findActiveProvider(deps.identity.db, id);
  if (provider === null || provider.settings.kind !== "ldap") throw notFound("provider");
  return { provider, settings: provider.settings };
}

/** Counts the try before the directory is asked: a hundred at once are a hundred tries. */
async function guarded<T>({ identity, wrongPasswords }: FederationDeps, key: string, work: () => Promise<T>): Promise<T> {
  const now = identity.clock.now();
  const until = wrongPasswords.lockedUntil(key);
  if (until !== null && until > now) throw lockedOut(until, now);
  wrongPasswords.count(key, now);
  try {
    const result = await work();
    wrongPasswords.forget(key);
    return result;
  } catch (error) {
    if (error instanceof HubError && error.facts["reason"] === "credentials")
      throw new HubError("bad-credentials", "User name or password is wrong.");
    throw error;
  }
}

/** What the directory or the network says is for administrators, who have a test for it. */
async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof HubError ? error : refused("unreachable", error);
  }
}
