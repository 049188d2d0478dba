// Which kept files tasks need, so that nobody deletes one that a schedule counts on.
import { sql } from "drizzle-orm";
import type { FileUses } from "../files/deps.ts";
import type { Queryable } from "../platform/database.ts";

/** Tasks that were put away need none. Each counts once for each file. */
export async function tasksUsingFiles(db: Queryable, orgId: string, ids: string[]): Promise<FileUses> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; uses: number }>(sql`
    select used.id, count(distinct tasks.id)::int as uses
    from tasks cross join lateral (
      select file->>'fileId' as id from jsonb_array_elements(tasks.files) as file
      union all select value from jsonb_each_text(tasks.parameters)
    ) as used
    where tasks.org_id = ${orgId} and tasks.archived_at is null and used.id = any(${sql.param(ids)}::text[])
    group by 1`);
  return new Map(rows.map(({ id, uses }) => [id, uses]));
}
