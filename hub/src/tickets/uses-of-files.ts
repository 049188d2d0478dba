// Which requests would miss a kept file: those that wait for a decision, and those that may still run.
import { sql } from "drizzle-orm";
import type { FileUses } from "../files/deps.ts";
import type { Queryable } from "../platform/database.ts";

/** Each request counts once for each file. */
export async function ticketsUsingFiles(db: Queryable, orgId: string, ids: string[]): Promise<FileUses> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; uses: number }>(sql`
    select used.id, count(distinct t.id)::int as uses
    from (select id, coalesce(narrowed, asked) as given from tickets
      where org_id = ${orgId} and kind = 'script' and state in ('pending', 'approved')) t
    cross join lateral (
      select file->>'fileId' as id from jsonb_array_elements(coalesce(t.given->'files', '[]')) as file
      union all select value from jsonb_each_text(t.given->'parameters')
    ) as used
    where used.id = any(${sql.param(ids)}::text[])
    group by 1`);
  return new Map(rows.map(({ id, uses }) => [id, uses]));
}
