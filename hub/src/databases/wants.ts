// What is wanted of the accounts of requests: which are due, and what their grants give now.
import { type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import type { Place } from "./input.ts";
import { databaseAccounts, databaseWants } from "./schema.ts";

export type Wanted = {
  /** Grants that hold now, sorted. */
  held: string[];
  places: Place[][];
  /** When the last of them ends; null: when somebody ends it. */
  until: Date | null;
  /** The next that will hold begins then; null: none will. */
  nextFrom: Date | null;
};

/** Nobody who may not sign in here any more keeps an account elsewhere. */
const personStays = (
  now: string,
): SQL => sql`exists (select 1 from users u where u.id = ${databaseAccounts.userId} and u.disabled_at is null
    and (u.expires_at is null or u.expires_at > ${now}::timestamptz)
    and (u.org_id = ${databaseAccounts.orgId}
      or exists (select 1 from organisation_members m where m.user_id = u.id and m.org_id = ${databaseAccounts.orgId})))`;

const stands = sql`g.revoked_at is null and g.active`;

const holdsNow = (now: string): SQL => sql`${stands} and (g.starts_at is null or g.starts_at <= ${now}::timestamptz)
    and (g.expires_at is null or g.expires_at > ${now}::timestamptz)`;

const heldGrants = (
  now: string,
): SQL => sql`(select coalesce(array_agg(w.grant_id order by w.grant_id), '{}') from ${databaseWants} w
    join grants g on g.id = w.grant_id where w.database_account_id = ${databaseAccounts.id} and ${holdsNow(now)} and ${personStays(now)})`;

/** A condition on accounts: something is to be done about them, or it is time to look. */
export const isDue = (now: Date): SQL => {
  const text = now.toISOString();
  return sql`(${databaseAccounts.dueAt} <= ${text}::timestamptz or ${databaseAccounts.seen} is distinct from ${heldGrants(text)})`;
};

export async function wantedOf(db: Queryable, databaseAccountId: string, now: Date): Promise<Wanted> {
  const text = now.toISOString();
  const rows = await db.execute<{
    id: string;
    places: Place[];
    until: Date | string | null;
    from: Date | string | null;
    now: boolean;
  }>(sql`
    select w.grant_id as id, w.places, g.expires_at as until, g.starts_at as from, (${holdsNow(text)}) as now
    from ${databaseWants} w join grants g on g.id = w.grant_id
    join ${databaseAccounts} on ${databaseAccounts.id} = w.database_account_id
    where w.database_account_id = ${databaseAccountId} and ${stands} and (g.expires_at is null or g.expires_at > ${text}::timestamptz)
      and ${personStays(text)}
    order by w.grant_id`);
  const holding = rows.filter((row) => row.now);
  const ends = holding.map(({ until }) => (until === null ? null : new Date(until)));
  const later = rows.filter((row) => !row.now && row.from !== null).map(({ from }) => new Date(from ?? 0).getTime());
  return {
    held: holding.map(({ id }) => id),
    places: holding.map(({ places }) => places),
    until: ends.length === 0 || ends.includes(null) ? null : new Date(Math.max(...ends.map((end) => end?.getTime() ?? 0))),
    nextFrom: later.length === 0 ? null : new Date(Math.min(...later)),
  };
}
