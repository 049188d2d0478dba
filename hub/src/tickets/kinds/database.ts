// An account on a database server: a grant for reaching it, and an account there that may do what was approved. The grant's end is the account's.
import { eq } from "drizzle-orm";
import { insertGrant } from "../../access/manage-grants.ts";
import { assets } from "../../assets/schema.ts";
import { levelOf } from "../../databases/account-names.ts";
import { assertDatabaseService, isSystemName } from "../../databases/dialect.ts";
import type { Place } from "../../databases/input.ts";
import { accountFor, wantPlaces } from "../../databases/want-account.ts";
import type { Queryable } from "../../platform/database.ts";
import { HubError, notFound } from "../../platform/errors.ts";
import type { AutoApproval, DatabaseAccess } from "../input.ts";
import { type AskableKindOf, grantFor, within } from "./kind.ts";

export const databaseKind: AskableKindOf<DatabaseAccess> = {
  assetIds: ({ assetId }) => [assetId],

  goesBeyond(given, asked) {
    if (given.assetId !== asked.assetId) return "assetId";
    return given.places.every((place) => isWithin(place, asked.places)) ? null : "places";
  },

  // Who writes to a database has power over it.
  namesPrivileged: async (_db, _orgId, { places }) => levelOf(places) === "write",

  // Rules that were written before there were databases say nothing of privileges, and so let through none but reading.
  isWithinRule({ places }, auto) {
    const { privileges = ["select"] }: Partial<AutoApproval> = auto;
    return places.every((place) => within(place.privileges, privileges));
  },

  async assertAskable(db, asked) {
    await assertGrantable(db, asked);
  },

  async give(tx, by, ticket, given, span, now) {
    const protocol = await assertGrantable(tx, given);
    const account = await accountFor(
      tx,
      { orgId: ticket.orgId, assetId: given.assetId, userId: ticket.requesterId, places: given.places },
      now,
    );
    const what = {
      assetIds: [given.assetId],
      accounts: [account.username],
      protocols: [protocol],
      actions: ["connect" as const, "forward" as const],
    };
    const grant = grantFor(ticket, span, what);
    const grantId = await insertGrant(tx, by, grant, now, ticket.id);
    await wantPlaces(tx, account, grantId, given.places);
    return grantId;
  },
};

/** The same place or one in it, with no other privilege. What is asked for at one place in two pieces counts together. */
function isWithin(place: Place, asked: readonly Place[]): boolean {
  const around = asked.filter(
    ({ database, schema, table }) =>
      database === place.database && schema === place.schema && (table === null || table === place.table),
  );
  return within(
    place.privileges,
    around.flatMap(({ privileges }) => privileges),
  );
}

/** @throws HubError `no-protocol`; `bad-input` for what is the server's own, and for a place that this kind of server does not have. */
async function assertGrantable(db: Queryable, { assetId, places }: DatabaseAccess) {
  const [asset] = await db.select().from(assets).where(eq(assets.id, assetId));
  if (asset === undefined) throw notFound("asset");
  const { dialect, protocol } = assertDatabaseService(asset);
  for (const { database, schema, table, privileges } of places) {
    if (table !== null && privileges.includes("execute"))
      throw new HubError("bad-input", "EXECUTE is of all routines of a database or schema. Ask for it without naming a table.");
    if ([database, schema].some((name) => name !== null && isSystemName(dialect, name)))
      throw new HubError("bad-input", `${schema ?? database} belongs to the server itself and cannot be asked for.`);
    if ((schema === null) !== (dialect === "mysql"))
      throw new HubError(
        "bad-input",
        dialect === "mysql"
          ? "MySQL and MariaDB have no schemas inside of a database. Leave the schema out."
          : "Name the schema: PostgreSQL keeps its tables and routines in one.",
      );
  }
  return protocol;
}
