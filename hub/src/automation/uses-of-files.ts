// Who would miss a kept file: runs that have not ended, since their hosts ask for its bytes.
import { sql } from "drizzle-orm";
import type { FileUses } from "../files/deps.ts";
import type { Queryable } from "../platform/database.ts";

/** Each run counts once for each file. */
export async function runsUsingFiles(db: Queryable, orgId: string, ids: string[]): Promise<FileUses> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; uses: number }>(sql`
    select file->>'fileId' as id, count(distinct runs.id)::int as uses
    from runs cross join lateral jsonb_array_elements(runs.files) as file
    where runs.org_id = ${orgId} and runs.state <> 'finished' and runs.files <> '[]' and file->>'fileId' = any(${sql.param(ids)}::text[])
    group by 1`);
  return new Map(rows.map(({ id, uses }) => [id, uses]));
}
