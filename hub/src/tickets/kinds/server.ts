// Access to servers: a grant for whoever asked, for as long as was approved.
import { and, eq, inArray } from "drizzle-orm";
import { insertGrant } from "../../access/manage-grants.ts";
import { accounts } from "../../assets/schema.ts";
import type { Queryable } from "../../platform/database.ts";
import type { ServerAccess } from "../input.ts";
import { type AskableKindOf, grantFor, within } from "./kind.ts";

/** Accounts with all power by their very name, whatever the vault says of them. */
export const almighty = new Set(["root", "administrator"]);

export const serverKind: AskableKindOf<ServerAccess> = {
  assetIds: ({ assetIds }) => assetIds,

  goesBeyond(given, asked) {
    if (!within(given.assetIds, asked.assetIds)) return "assetIds";
    if (!within(given.accounts, asked.accounts)) return "accounts";
    if (!asked.protocols.includes("@all") && !within(given.protocols, asked.protocols)) return "protocols";
    return within(given.actions, asked.actions) ? null : "actions";
  },

  async namesPrivileged(db: Queryable, orgId, asked) {
    const [found] = await db
      .select({ id: accounts.id })
      .from(accounts)
      .where(
        and(
          eq(accounts.orgId, orgId),
          inArray(accounts.assetId, asked.assetIds),
          inArray(accounts.username, asked.accounts),
          eq(accounts.privileged, true),
        ),
      )
      .limit(1);
    // Whoever types the login himself may type any.
    return (
      found !== undefined || asked.accounts.some((name) => ["@ask", "@agent"].includes(name) || almighty.has(name.toLowerCase()))
    );
  },

  isWithinRule: (asked, auto) => within(asked.actions, auto.actions),

  give(tx, by, ticket, given, span, now) {
    const { assetIds, accounts, protocols, actions } = given;
    const grant = grantFor(ticket, span, { assetIds, accounts, protocols, actions });
    return insertGrant(tx, by, grant, now, ticket.id);
  },
};
