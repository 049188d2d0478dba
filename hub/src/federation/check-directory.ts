// Who is no longer in a directory, or no longer meets its filter, is signed out here, whatever password he still has.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { EndWorkOf } from "../identity/manage-people.ts";
import { lockActiveAdministrators } from "../identity/people.ts";
import { authSessions, users } from "../identity/schema.ts";
import type { FederationDeps } from "./deps.ts";
import { askDirectory, findBySubjects } from "./directory.ts";
import { openProviderSecret } from "./provider-secret.ts";
import { listActive } from "./providers.ts";
import { externalIdentities, type ProviderRow } from "./schema.ts";

/** One search asks for so many: filters of directories are bounded. */
const askedAtOnce = 100;
/** A whole organisation is asked for each time; a directory is not ours to keep busy. */
export const checkDirectoriesEveryMs = 5 * 60_000;

/** Each on its own: one that does not answer ends nobody's work and holds up no other. Returns what went wrong, by provider. */
export async function checkDirectories(deps: FederationDeps, endWorkOf: EndWorkOf): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>();
  for (const provider of await listActive(deps.identity.db))
    if (provider.settings.kind === "ldap")
      await checkDirectory(deps, endWorkOf, provider).catch((error: unknown) => failed.set(provider.id, error));
  return failed;
}

/**
 * Signs out who is gone and ends what they have open; whom the directory had brought is disabled, so that access keys end, too.
 * @returns how many were gone.
 * @throws what the directory or the network says; then nobody is signed out.
 */
export async function checkDirectory(deps: FederationDeps, endWorkOf: EndWorkOf, provider: ProviderRow): Promise<number> {
  const { settings } = provider;
  if (settings.kind !== "ldap") return 0;
  const { db } = deps.identity;
  let gone = 0;
  await askDirectory(settings, openProviderSecret(deps.vault, provider) ?? "", async (client) => {
    for (let after = ""; ; ) {
      const known = await db
        .select()
        .from(externalIdentities)
        .where(
          and(
            eq(externalIdentities.providerId, provider.id),
            isNull(externalIdentities.goneAt),
            gt(externalIdentities.subject, after),
          ),
        )
        .orderBy(asc(externalIdentities.subject))
        .limit(askedAtOnce);
      const last = known.at(-1);
      if (last === undefined) return;
      after = last.subject;
      const subjects = known.map(({ subject }) => subject);
      const there = new Set((await findBySubjects(client, settings, subjects)).map(({ subject }) => subject));
      for (const { subject, userId, madePerson } of known) {
        if (there.has(subject)) continue;
        gone++;
        await letGo(deps, provider, { subject, userId, madePerson });
        await endWorkOf(userId);
      }
    }
  });
  return gone;
}

async function letGo(
  { identity: { db, clock } }: FederationDeps,
  provider: ProviderRow,
  { subject, userId, madePerson }: { subject: string; userId: string; madePerson: boolean },
): Promise<void> {
  const now = clock.now();
  await db.transaction(async (tx) => {
    const [person] = await tx.select().from(users).where(eq(users.id, userId)).for("update");
    if (person === undefined) return;
    await tx
      .update(externalIdentities)
      .set({ goneAt: now })
      .where(and(eq(externalIdentities.providerId, provider.id), eq(externalIdentities.subject, subject)));
    await tx.delete(authSessions).where(eq(authSessions.userId, userId));
    const administrators = person.role === "admin" ? await lockActiveAdministrators(tx, person.orgId) : [];
    const isLast = person.role === "admin" && administrators.every((id) => id === userId);
    if (madePerson && person.disabledAt === null && !isLast)
      await tx.update(users).set({ disabledAt: now }).where(eq(users.id, userId));
    await recordAudit(tx, {
      kind: "person.gone-elsewhere",
      orgId: person.orgId,
      actor: null,
      subject: { kind: "person", id: person.id, name: person.name },
      ip: null,
      data: { providerId: provider.id },
    });
  });
}
