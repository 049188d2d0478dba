// Queries over systems that recognise people.
import { and, asc, count, eq, isNull, type SQL } from "drizzle-orm";
import { builtInRole } from "../identity/actor.ts";
import { defaultOrganisation } from "../identity/people.ts";
import { authSessions, organisations, roles } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { externalIdentities, identityProviders, type MappingRow, type ProviderRow, providerMappings } from "./schema.ts";

export async function listProviders(db: Queryable, orgId: string): Promise<ProviderRow[]> {
  return db.select().from(identityProviders).where(eq(identityProviders.orgId, orgId)).orderBy(asc(identityProviders.name));
}

/** Those in use, of one organisation or of all. */
export async function listActive(db: Queryable, of?: SQL): Promise<ProviderRow[]> {
  const rows = await db
    .select({ provider: identityProviders })
    .from(identityProviders)
    .innerJoin(organisations, eq(organisations.id, identityProviders.orgId))
    .where(and(of, eq(identityProviders.active, true), isNull(organisations.disabledAt)))
    .orderBy(asc(identityProviders.name));
  return rows.map(({ provider }) => provider);
}

/**
 * Of the organisation that the address names, else of the hub's own: others' names are not for everybody who opens the sign-in page. One that does not
 * exist is answered as one without providers. own: it is the hub's own.
 */
export async function listOffered(db: Queryable, slug: string | undefined): Promise<{ own: boolean; providers: ProviderRow[] }> {
  const first = await defaultOrganisation(db);
  const own = slug === undefined || slug === first?.slug;
  const named = own ? eq(organisations.id, first?.id ?? "") : eq(organisations.slug, slug);
  return { own, providers: await listActive(db, named) };
}

/** Null for one that is switched off, or whose organisation is. */
export async function findActiveProvider(db: Queryable, id: string): Promise<ProviderRow | null> {
  const [row] = await db
    .select({ provider: identityProviders })
    .from(identityProviders)
    .innerJoin(organisations, eq(organisations.id, identityProviders.orgId))
    .where(and(eq(identityProviders.id, id), eq(identityProviders.active, true), isNull(organisations.disabledAt)));
  return row?.provider ?? null;
}

export async function findProvider(db: Queryable, orgId: string, id: string): Promise<ProviderRow | null> {
  const [row] = await db
    .select()
    .from(identityProviders)
    .where(and(eq(identityProviders.orgId, orgId), eq(identityProviders.id, id)));
  return row ?? null;
}

/** Of one provider, in the order they were given; without those to a role that was removed. */
export async function mappingsOf(db: Queryable, providerId: string): Promise<MappingRow[]> {
  const rows = await db
    .select({ mapping: providerMappings, made: roles.id })
    .from(providerMappings)
    .leftJoin(roles, eq(roles.id, providerMappings.role))
    .where(eq(providerMappings.providerId, providerId))
    .orderBy(asc(providerMappings.id));
  return rows.flatMap(({ mapping, made }) =>
    mapping.role === null || made !== null || builtInRole(mapping.role) !== undefined ? [mapping] : [],
  );
}

export async function findProviderOfSignIn(db: Queryable, signInId: string): Promise<ProviderRow | null> {
  const [row] = await db
    .select({ provider: identityProviders })
    .from(authSessions)
    .innerJoin(identityProviders, eq(identityProviders.id, authSessions.providerId))
    .where(eq(authSessions.id, signInId));
  return row?.provider ?? null;
}

/** How many people it has recognised. */
export async function countRecognised(db: Queryable, providerId: string): Promise<number> {
  const [row] = await db
    .select({ people: count() })
    .from(externalIdentities)
    .where(eq(externalIdentities.providerId, providerId));
  return row?.people ?? 0;
}
