// A correction ends the pause after a failure: whoever has set the right password, address or authority does not wait for the next try.
import { type SQL, sql } from "drizzle-orm";
import { databaseAccounts } from "./schema.ts";

/** A condition on accounts: the last look at one failed, and its server or the hub's account there was changed since that look began. */
export const isCorrected: SQL = sql`(${databaseAccounts.failure} is not null and exists (
  select 1 from assets s where s.id = ${databaseAccounts.assetId} and (s.updated_at >= ${databaseAccounts.lookedAt}
    or exists (select 1 from accounts a where a.asset_id = s.id and a.privileged and a.updated_at >= ${databaseAccounts.lookedAt}))))`;
