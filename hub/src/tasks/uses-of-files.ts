// Which kept files tasks need, so that nobody deletes one that a schedule counts on.
import { sql } from "drizzle-orm";
import type { FileUses } from "../files/deps.ts";
import type { Queryable } from "../platform/database.ts";

/** Tasks that were put away need none. Each counts once for each file. */
export async function tasksUsingFiles(db: Queryable, orgId: string, ids: string[]): Promise<FileUses> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; uses: number }>(sql`
    select file->>'fileId' as id, count(distinct tasks.id)::int as uses
    from tasks cross join lateral jsonb_array_elements(tasks.files) as file
    where tasks.org_id = ${orgId} and tasks.archived_at is null and file->>'fileId' = any(${sql.param(ids)}::text[])
    group by 1`);
  return new Map(rows.map(({ id, uses }) => [id, uses]));
}
