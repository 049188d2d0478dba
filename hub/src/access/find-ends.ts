// What a grant may name, found by a piece of its name: for forms.
import { and, asc, eq, ilike, isNull, or } from "drizzle-orm";
import { pathsOf } from "../assets/nodes.ts";
import { assetLabels, assets, nodes } from "../assets/schema.ts";
import { roleNames } from "../identity/input.ts";
import { groups, roles, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import type { NamedSubject, NamedTarget } from "./grants.ts";

/** Of each kind; who does not find it types more. */
const foundMax = 20;

/** `detail` tells two of one name apart: an e-mail address, an asset's address; empty where the name says all. */
export type Found<End> = End & { detail: string };

export async function findSubjects(db: Queryable, orgId: string, search: string): Promise<Found<NamedSubject>[]> {
  const pattern = likeOf(search);
  const [people, sets, made] = await Promise.all([
    db
      .select({ id: users.id, name: users.name, detail: users.email })
      .from(users)
      .where(
        and(
          eq(users.orgId, orgId),
          isNull(users.disabledAt),
          or(ilike(users.name, pattern), ilike(users.email, pattern), ilike(users.username, pattern)),
        ),
      )
      .orderBy(asc(users.name), asc(users.id))
      .limit(foundMax),
    db
      .select({ id: groups.id, name: groups.name })
      .from(groups)
      .where(and(eq(groups.orgId, orgId), ilike(groups.name, pattern)))
      .orderBy(asc(groups.name))
      .limit(foundMax),
    db
      .select({ id: roles.id, name: roles.name })
      .from(roles)
      .where(and(eq(roles.orgId, orgId), ilike(roles.name, pattern)))
      .orderBy(asc(roles.name))
      .limit(foundMax),
  ]);
  return [
    ...people.map((person) => ({ kind: "user" as const, ...person })),
    ...sets.map((group) => ({ kind: "group" as const, ...group, detail: "" })),
    ...roleNames.map((role) => ({ kind: "role" as const, id: role, name: role, detail: "" })),
    ...made.map((role) => ({ kind: "role" as const, ...role, detail: "" })),
  ];
}

export async function findTargets(db: Queryable, orgId: string, search: string): Promise<Found<NamedTarget>[]> {
  const pattern = likeOf(search);
  const [hosts, branches, labels] = await Promise.all([
    db
      .select({ id: assets.id, name: assets.name, detail: assets.address })
      .from(assets)
      .where(
        and(eq(assets.orgId, orgId), isNull(assets.retiredAt), or(ilike(assets.name, pattern), ilike(assets.address, pattern))),
      )
      .orderBy(asc(assets.name), asc(assets.id))
      .limit(foundMax),
    db
      .select({ id: nodes.id, name: nodes.name })
      .from(nodes)
      .where(and(eq(nodes.orgId, orgId), ilike(nodes.name, pattern)))
      .orderBy(asc(nodes.name), asc(nodes.id))
      .limit(foundMax),
    db
      .selectDistinct({ id: assetLabels.label })
      .from(assetLabels)
      .where(and(eq(assetLabels.orgId, orgId), ilike(assetLabels.label, pattern)))
      .orderBy(asc(assetLabels.label))
      .limit(foundMax),
  ]);
  const paths = await pathsOf(
    db,
    orgId,
    branches.map(({ id }) => id),
  );
  return [
    { kind: "all", id: "", name: "", detail: "" },
    ...branches.map(({ id, name }) => ({ kind: "node" as const, id, name: paths.get(id) ?? name, detail: "" })),
    ...labels.map(({ id }) => ({ kind: "label" as const, id, name: id, detail: "" })),
    ...hosts.map((host) => ({ kind: "asset" as const, ...host })),
  ];
}
