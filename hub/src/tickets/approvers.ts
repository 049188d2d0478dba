// Who may decide a ticket now. Asked each time, never kept: who has left a group, or the organisation, decides nothing any more.
//
// Nobody decides about what he asked for himself, by whatever way he is meant: that is said here once, for all of them.
import { and, eq, gt, inArray, isNull, lt, lte, notInArray, or, type SQL, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { permissionsOf } from "../identity/actor.ts";
import { roleNames } from "../identity/input.ts";
import { belongs, findMembers, madeRole, membership, roleThere } from "../identity/members.ts";
import { groupMembers, groups, organisationMembers, roles, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import type { Approver } from "./input.ts";
import { assetIdsOf } from "./kinds/kinds.ts";
import { leastOf } from "./level.ts";
import { substitutes, type TicketRow, ticketDecisions, tickets } from "./schema.ts";

/** A ticket that more people than these decide is everybody's. */
const meantMax = 500;

export type Deciders = {
  /** Who is meant. */
  meant: string[];
  /** Of each who may decide, whom his decision counts for: himself where he is meant, and whom he stands in for. */
  standing: Map<string, string[]>;
};

type Waiting = Pick<TicketRow, "id" | "orgId" | "requesterId" | "levels" | "level" | "mayRepeat" | "escalatedAt" | "asked">;

/** Of the level that it waits for. Where fewer are meant than it needs, those with tickets.manage are as well: a group that became empty holds up nobody. */
export async function decidersOf(db: Queryable, ticket: Waiting, now: Date): Promise<Deciders> {
  const level = ticket.levels[ticket.level];
  if (level === undefined) return { meant: [], standing: new Map() };
  const named = ticket.escalatedAt === null ? level.approvers : [...level.approvers, ...level.escalateTo];
  let meant = await peopleOf(db, ticket, named, now);
  if (meant.length < leastOf(level.need)) meant = [...new Set([...meant, ...(await managersOf(db, ticket, now))])];
  const standing = new Map(meant.map((id) => [id, [id]]));
  if (meant.length === 0) return { meant, standing };
  const standIns = await db
    .select({ id: substitutes.substituteId, for: substitutes.userId })
    .from(substitutes)
    .where(
      and(
        eq(substitutes.orgId, ticket.orgId),
        inArray(substitutes.userId, meant),
        lte(substitutes.from, now),
        gt(substitutes.until, now),
      ),
    );
  const active = new Set(
    await activeAmong(
      db,
      ticket,
      standIns.map(({ id }) => id),
      now,
    ),
  );
  for (const { id, for: away } of standIns)
    if (active.has(id)) standing.set(id, [...new Set([...(standing.get(id) ?? []), away])]);
  return { meant, standing };
}

/**
 * A condition on tickets that wait: the person may be among those who decide, himself or for somebody he stands in for. Few are left of it to ask
 * decidersOf() about, of thousands. Undefined: any of them, since who manages requests decides where too few are meant.
 */
export async function mayBeMeant(db: Queryable, orgId: string, userId: string, now: Date): Promise<SQL | undefined> {
  const away = await db
    .select({ id: substitutes.userId })
    .from(substitutes)
    .where(
      and(
        eq(substitutes.orgId, orgId),
        eq(substitutes.substituteId, userId),
        lte(substitutes.from, now),
        gt(substitutes.until, now),
      ),
    );
  const people = await findMembers(db, orgId, [userId, ...away.map(({ id }) => id)]);
  if (people.some(({ permissions }) => permissions.includes("tickets.manage"))) return undefined;
  const ids = sql.param(people.map(({ id }) => id));
  const roleIds = sql.param(people.map(({ role }) => role));
  return sql`exists (
    select 1 from jsonb_array_elements((${tickets.levels}->${tickets.level}->'approvers') || (${tickets.levels}->${tickets.level}->'escalateTo')) as one
    where one->>'kind' = 'asset-owner'
      or (one->>'kind' = 'user' and one->>'id' = any(${ids}::text[]))
      or (one->>'kind' = 'role' and one->>'id' = any(${roleIds}::text[]))
      or (one->>'kind' = 'group' and one->>'id' in (select group_id from group_members where user_id = any(${ids}::text[])))
      or (one->>'kind' = 'manager' and (select manager_id from users r where r.id = ${tickets.requesterId}) = any(${ids}::text[])))`;
}

async function peopleOf(db: Queryable, ticket: Waiting, named: Approver[], now: Date): Promise<string[]> {
  const idsOf = (kind: Approver["kind"]) => named.flatMap((one) => (one.kind === kind && "id" in one ? [one.id] : []));
  const has = (kind: Approver["kind"]) => named.some((one) => one.kind === kind);
  const [userIds, groupIds, roleIds] = [idsOf("user"), idsOf("group"), idsOf("role")];
  const meant = or(
    userIds.length === 0 ? undefined : inArray(users.id, userIds),
    roleIds.length === 0 ? undefined : sql`${roleThere} = any(${sql.param(roleIds)}::text[])`,
    groupIds.length === 0
      ? undefined
      : inArray(
          users.id,
          db
            .select({ id: groupMembers.userId })
            .from(groupMembers)
            .innerJoin(groups, eq(groups.id, groupMembers.groupId))
            .where(and(eq(groups.orgId, ticket.orgId), inArray(groups.id, groupIds))),
        ),
    has("manager") ? sql`${users.id} = (select manager_id from users r where r.id = ${ticket.requesterId})` : undefined,
    has("asset-owner")
      ? inArray(
          users.id,
          db
            .select({ id: sql<string>`${assets.ownerId}` })
            .from(assets)
            .where(and(eq(assets.orgId, ticket.orgId), inArray(assets.id, assetIdsOf(ticket.asked)))),
        )
      : undefined,
  );
  return meant === undefined ? [] : find(db, ticket, meant, now);
}

const managersOf = (db: Queryable, ticket: Waiting, now: Date): Promise<string[]> =>
  find(
    db,
    ticket,
    or(
      inArray(
        roleThere,
        roleNames.filter((role) => permissionsOf(role, null).includes("tickets.manage")),
      ),
      sql`'tickets.manage' = any(${roles.permissions})`,
    ),
    now,
  );

const activeAmong = (db: Queryable, ticket: Waiting, ids: string[], now: Date): Promise<string[]> =>
  ids.length === 0 ? Promise.resolve([]) : find(db, ticket, inArray(users.id, ids), now);

/** Members who can sign in now, without whoever asked and, unless the flow says otherwise, without those who decided a level before: four eyes are two people's. */
async function find(db: Queryable, ticket: Waiting, meant: ReturnType<typeof or>, now: Date): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .leftJoin(organisationMembers, membership(ticket.orgId))
    .leftJoin(roles, madeRole(ticket.orgId))
    .where(
      and(
        belongs(ticket.orgId),
        eq(users.accepted, true),
        isNull(users.disabledAt),
        or(isNull(users.expiresAt), gt(users.expiresAt, now)),
        sql`${users.id} <> ${ticket.requesterId}`,
        ticket.mayRepeat || ticket.level === 0 ? undefined : notInArray(users.id, decidedBefore(db, ticket)),
        meant,
      ),
    )
    .orderBy(users.id)
    .limit(meantMax);
  return rows.map(({ id }) => id);
}

/** Those who decided a level before the one that it waits for. */
export const decidedBefore = (db: Queryable, { id, level }: Pick<TicketRow, "id" | "level">) =>
  db
    .select({ id: ticketDecisions.userId })
    .from(ticketDecisions)
    .where(and(eq(ticketDecisions.ticketId, id), lt(ticketDecisions.level, level)));
