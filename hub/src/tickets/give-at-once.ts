// What a trusted system has decided elsewhere is given here at once: an approved ticket and what it gives, without a flow and without anybody asked.
// Its key is all that stands before it, so the key is made for this alone, and its use is counted and loud.
import { and, count, eq, gt, inArray, isNull, or } from "drizzle-orm";
import { type AssetRow, accounts, assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { Level } from "../databases/account-names.ts";
import { databaseServiceOf } from "../databases/dialect.ts";
import type { Privilege } from "../databases/input.ts";
import { standingOf } from "../databases/password-of.ts";
import { assertKeyFor } from "../identity/access-keys.ts";
import type { Actor } from "../identity/actor.ts";
import { findMemberNamed, type Member } from "../identity/members.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { approve } from "./approve.ts";
import type { TicketDeps } from "./deps.ts";
import type { Asked, GiveDatabases, GiveServers } from "./input.ts";
import { almighty } from "./kinds/server.ts";
import { insertTicket } from "./open-ticket.ts";
import { tickets } from "./schema.ts";
import { ticketHead, wayOf } from "./ticket-head.ts";

/** Of a key. A system that gives more than this is not one ticket behind the other, but a mistake in a loop. */
const givenPerMinuteMax = 60;

type Named = { id: string; name: string };
export type GivenAtOnce = { id: string; grantId: string | null; endsAt: Date; assets: Named[]; accounts: string[] };
export type DatabasesAtOnce = { id: string; grantId: string | null; endsAt: Date; asset: Named; account: string };

const privilegesOf: Record<Level, Privilege[]> = { read: ["select"], write: ["select", "insert", "update", "delete"] };

/**
 * @throws HubError `key-scope`; `own-request` when the user is whose key it is; `not-found` for a person; `conflict` with the name of an asset that is not there,
 * or there twice; `no-account` when it has none of the kind; `rate-limited`.
 */
export async function giveServers(deps: TicketDeps, system: Actor, input: GiveServers): Promise<GivenAtOnce> {
  const { keyId } = assertKeyFor(system, "access.at-once");
  const now = deps.clock.now();
  const { minutes, account, actions } = input;
  const given = await deps.db.transaction(async (tx) => {
    const user = await findMemberNamed(tx, system.orgId, input.user, now);
    const named = exactly(input.assets, await assetsCalled(tx, system.orgId, input.assets));
    const assetIds = named.map(({ id }) => id);
    const usernames = await accountsOf(tx, system.orgId, named, account);
    const asked: Asked = { kind: "server", assetIds, accounts: usernames, protocols: ["@all"], actions, startsAt: null, minutes };
    const ticket = await give(deps, tx, system, { ...input, keyId, user, asked, named }, now);
    return { ...ticket, assets: named, accounts: usernames };
  });
  announce(deps, system, given);
  return given;
}

/**
 * An account on a database server, as an approved request gives it: its name is known when this resolves, the account itself is there seconds later
 * (databases.ofTicket). Its password is shown to the person alone.
 *
 * @throws HubError as {@link giveServers}, of an asset that is no database `conflict` too; `bad-input` for what is the server's own, and a place that it
 * does not have.
 */
export async function giveDatabases(deps: TicketDeps, system: Actor, input: GiveDatabases): Promise<DatabasesAtOnce> {
  const { keyId } = assertKeyFor(system, "access.at-once");
  const now = deps.clock.now();
  const { minutes, access } = input;
  const given = await deps.db.transaction(async (tx) => {
    const user = await findMemberNamed(tx, system.orgId, input.user, now);
    // A host and the database on it have one address; only one of them can be meant.
    const servers = (await assetsCalled(tx, system.orgId, [input.asset])).filter((asset) => databaseServiceOf(asset) !== null);
    const named = exactly([input.asset], servers);
    const [asset] = named;
    if (asset === undefined) throw new Error("each name that was looked for is found");
    const places = input.places.flatMap(({ tables, ...place }) =>
      (tables ?? [null]).map((table) => ({ ...place, table, privileges: privilegesOf[access] })),
    );
    const asked: Asked = { kind: "database", assetId: asset.id, places, startsAt: null, minutes };
    const ticket = await give(deps, tx, system, { ...input, keyId, user, asked, named, account: access }, now);
    const account = ticket.grantId === null ? null : await standingOf(tx, system.orgId, ticket.grantId, now);
    return { ...ticket, asset, account: account?.username ?? "" };
  });
  announce(deps, system, given);
  return given;
}

function announce({ changes }: TicketDeps, { orgId }: Actor, { id, grantId }: { id: string; grantId: string | null }): void {
  changes.announce(orgId, "tickets", id);
  if (grantId !== null) changes.announce(orgId, "grants", grantId);
}

type Gift = {
  keyId: string;
  user: Member;
  asked: Asked;
  named: Named[];
  account: string;
  reason: string;
  reference?: string | undefined;
};

/** The ticket and what it gives, in the caller's transaction. @throws HubError `own-request`, `rate-limited`. */
async function give(deps: TicketDeps, tx: Transaction, system: Actor, gift: Gift, now: Date) {
  const { keyId, user, asked, named, account, reason, reference } = gift;
  if (user.id === system.id)
    throw new HubError("own-request", "A key gives nothing to the person whose it is. Ask for it as everybody does.");
  await assertNotTooOften(tx, keyId, now);
  const names = named.map(({ name }) => name).join(", ");
  const fields = { title: names.slice(0, 100), reason, references: reference === undefined ? [] : [reference], asked };
  const whose = { id: user.id, orgId: system.orgId };
  const ticket = await insertTicket(tx, whose, { ...fields, extendsId: null, origin: "at-once", keyId }, now);
  const submitted = { ...ticket, submittedAt: now };
  await tx.update(tickets).set({ submittedAt: now }).where(eq(tickets.id, ticket.id));
  await recordAudit(tx, {
    kind: "ticket.given-at-once",
    ...ticketHead(system, ticket),
    data: { user: user.name, assets: names, account, minutes: asked.minutes, reference: reference ?? "", ...wayOf(system) },
  });
  const grantId = await approve(tx, { actor: system, ip: system.ip }, submitted, now, deps);
  return { id: ticket.id, grantId, endsAt: new Date(now.getTime() + asked.minutes * 60_000) };
}

async function assertNotTooOften(db: Queryable, keyId: string, now: Date): Promise<void> {
  const [row] = await db
    .select({ given: count() })
    .from(tickets)
    .where(and(eq(tickets.keyId, keyId), gt(tickets.createdAt, new Date(now.getTime() - 60_000))));
  if ((row?.given ?? 0) >= givenPerMinuteMax)
    throw new HubError("rate-limited", `This key has given ${givenPerMinuteMax} times within a minute. Wait, then go on.`, {
      facts: { retryAfterSeconds: 60 },
    });
}

type Called = Named & Pick<AssetRow, "address" | "protocols">;

async function assetsCalled(db: Queryable, orgId: string, wanted: string[]): Promise<Called[]> {
  return db
    .select({ id: assets.id, name: assets.name, address: assets.address, protocols: assets.protocols })
    .from(assets)
    .where(
      and(
        eq(assets.orgId, orgId),
        isNull(assets.retiredAt),
        or(inArray(assets.id, wanted), inArray(assets.name, wanted), inArray(assets.address, wanted)),
      ),
    );
}

/** Each name means exactly one asset: giving another than was meant is worse than giving none. */
function exactly(wanted: string[], called: Called[]): Named[] {
  const found = wanted.map((one) => {
    const [first, ...others] = called.filter(({ id, name, address }) => [id, name, address].includes(one));
    if (first === undefined || others.length > 0)
      throw new HubError(
        "conflict",
        `${one} means ${first === undefined ? "no asset" : "several assets"} here. Name it by its id.`,
        {
          facts: { asset: one },
        },
      );
    return { id: first.id, name: first.name };
  });
  return [...new Map(found.map((one) => [one.id, one])).values()];
}

/** A user name that has power over one of the assets counts as such on all of them: a grant tells assets and accounts apart, not pairs of them. */
async function accountsOf(db: Queryable, orgId: string, named: Named[], kind: GiveServers["account"]): Promise<string[]> {
  const rows = await db
    .select({ assetId: accounts.assetId, username: accounts.username, privileged: accounts.privileged })
    .from(accounts)
    .where(
      and(
        eq(accounts.orgId, orgId),
        isNull(accounts.retiredAt),
        inArray(
          accounts.assetId,
          named.map(({ id }) => id),
        ),
      ),
    );
  const powerful = new Set(
    rows.flatMap((row) => (row.privileged || almighty.has(row.username.toLowerCase()) ? [row.username] : [])),
  );
  const meant = rows.filter(({ username }) => powerful.has(username) === (kind === "privileged"));
  for (const { id, name } of named)
    if (!meant.some(({ assetId }) => assetId === id))
      throw new HubError("no-account", `${name} has no ${kind} account that could be given. Add one to it first.`, {
        facts: { asset: name, account: kind },
      });
  const usernames = [...new Set(meant.map(({ username }) => username))].sort();
  if (usernames.length > 20)
    throw new HubError("conflict", "These assets have too many accounts for one grant. Give fewer at once.");
  return usernames;
}
