// People who ask for databases, get less than they asked for, ask for more time and give it back, all at once; and what the server should then give whom,
// reckoned from what was approved and compared with the server's own catalogue.
import { setTimeout as wait } from "node:timers/promises";
import { firstAdmin, sallyportCommand } from "../../src/system/launched-hub.ts";
import type { MariaDb } from "../../src/system/mariadb.ts";
import { RestClient, RestError } from "../../src/system/rest-client.ts";

type Place = { database: string; schema: null; table: string | null; privileges: string[] };
type Wish = { kind: "database"; assetId: string; places: Place[]; startsAt: string | null; minutes: number };
type Ticket = { id: string; state: string; endsAt: string | null; asked: Wish; narrowed: Wish | null };
type Person = { rest: RestClient; id: string; username: string };

/** What each means on MariaDB: databases/mysql-accounts.ts says why a reader gets two. */
const meaning: Record<string, string[]> = {
  select: ["SELECT", "SHOW VIEW"],
  insert: ["INSERT"],
  update: ["UPDATE"],
  delete: ["DELETE"],
};
const tables = ["orders", "people", "prices", "stock"];
/** The shortest that may be asked for; what begins in the past is over sooner. */
const minutesMin = 5;
/** Short enough to end in the middle of a round, long enough to be made first. */
const shortMs = 4_000;

const oneOf = <T>(all: readonly T[]): T | undefined => all[Math.floor(Math.random() * all.length)];
const isLikely = (part: number): boolean => Math.random() < part;

export class AskedDatabases {
  readonly #admin: RestClient;
  readonly #people: Person[];
  readonly #assetId: string;
  /** What the hub has answered to be so, by ticket: it must be so ever after. */
  readonly #promised = new Map<string, { places?: Place[]; ended?: boolean }>();
  readonly counted = { approved: 0, narrowed: 0, extended: 0, ended: 0 };
  #living = false;

  private constructor(admin: RestClient, people: Person[], assetId: string) {
    this.#admin = admin;
    this.#people = people;
    this.#assetId = assetId;
  }

  static async start(admin: RestClient, dataDir: string, mariadb: MariaDb, count: number): Promise<AskedDatabases> {
    mariadb.asRoot(
      `create database shop; ${tables.map((table) => `create table shop.${table} (id int primary key);`).join(" ")}`,
    );
    const { items } = await admin.json<{ items: { zone: { id: string } }[] }>("GET", "/assets");
    const protocols = [{ name: "mariadb", port: mariadb.port }];
    const asset = { name: "shop", zoneId: items[0]?.zone.id, platform: "mariadb", address: mariadb.address, protocols };
    const { id: assetId } = await admin.json<{ id: string }>("POST", "/assets", asset);
    const { username, password } = mariadb.privileged;
    const secret = { kind: "password", password };
    await admin.json("POST", "/accounts", { assetId, username, privileged: true, secret });
    const found = await admin.json<{ items: { id: string; email: string }[] }>("GET", "/people");
    const approver = found.items.find(({ email }) => email === firstAdmin.email)?.id;
    await admin.json("POST", "/ticket-flows", {
      name: "databases",
      match: { kinds: ["database"], targets: [{ kind: "all", id: "" }] },
      levels: [{ approvers: [{ kind: "user", id: approver }], need: { kind: "any" } }],
    });
    const people: Person[] = [];
    for (let n = 0; n < count; n += 1) people.push(await join(admin, dataDir, `asker${n}`));
    return new AskedDatabases(admin, people, assetId);
  }

  /** Each goes on asking until a call is not answered: then the hub is dead. */
  async live(): Promise<void> {
    this.#living = true;
    await Promise.all(
      this.#people.map(async (person) => {
        while (this.#living) {
          // A hub that dies ends it; what it refuses (a time that is over meanwhile) is part of life.
          await this.#step(person).catch((error: unknown) => {
            if (!(error instanceof RestError)) this.#living = false;
          });
          await wait(Math.random() * 200);
        }
      }),
    );
  }

  async #step({ rest }: Person): Promise<void> {
    const held = await this.#tickets(rest, "approved");
    const lasting = held.filter(({ endsAt }) => Date.parse(endsAt ?? "") > Date.now() + shortMs);
    const one = oneOf(lasting);
    // The last of them stays, so that there is something to compare.
    if (one !== undefined && lasting.length > 1 && isLikely(0.4)) {
      await rest.json("POST", `/tickets/${one.id}/end`, {});
      this.#promised.set(one.id, { ...this.#promised.get(one.id), ended: true });
      this.counted.ended += 1;
      return;
    }
    if (one !== undefined && isLikely(0.3)) {
      const more = { minutes: minutesMin, reason: "not done yet" };
      const { id } = await rest.json<{ id: string }>("POST", `/tickets/${one.id}/extend`, more);
      await this.#decide(id);
      this.counted.extended += 1;
      return;
    }
    const privileges = oneOf([["select"], ["select", "insert"], ["select", "update", "delete"]]) ?? [];
    const places = [...new Set([oneOf([...tables, null]), oneOf(tables)])].flatMap((table): Place[] =>
      table === undefined ? [] : [{ database: "shop", schema: null, table, privileges }],
    );
    const startsAt =
      one === undefined || isLikely(0.5) ? null : new Date(Date.now() - minutesMin * 60_000 + shortMs).toISOString();
    const asked: Wish = { kind: "database", assetId: this.#assetId, places, startsAt, minutes: minutesMin };
    const { id } = await rest.json<{ id: string }>("POST", "/tickets", { title: "a look", reason: "to see", asked });
    await this.#decide(id, isLikely(0.4) ? { ...asked, places: places.slice(0, 1) } : undefined);
  }

  async #decide(id: string, narrowed?: Wish): Promise<void> {
    await this.#admin.json("POST", `/tickets/${id}/decide`, {
      decision: "approve",
      ...(narrowed === undefined ? {} : { narrowed }),
    });
    const { asked } = await this.#admin.json<Ticket>("GET", `/tickets/${id}`);
    this.#promised.set(id, { ...this.#promised.get(id), places: (narrowed ?? asked).places });
    this.counted.approved += 1;
    if (narrowed !== undefined) this.counted.narrowed += 1;
  }

  /** Everything is given back. */
  async endAll(): Promise<void> {
    for (const { rest } of this.#people)
      for (const { id } of await this.#tickets(rest, "approved"))
        await rest.json("POST", `/tickets/${id}/end`, {}).catch((error: unknown) => {
          if (!(error instanceof RestError)) throw error; // its time was over first
        });
  }

  /** Answers of the hub that are not so any more. */
  async broken(): Promise<number> {
    let count = 0;
    for (const [id, { places, ended }] of this.#promised) {
      const { state, asked, narrowed } = await this.#admin.json<Ticket>("GET", `/tickets/${id}`);
      const keptState = ended === true ? state === "ended" : ["approved", "ended"].includes(state);
      const keptPlaces = places === undefined || JSON.stringify((narrowed ?? asked).places) === JSON.stringify(places);
      if (!keptState || !keptPlaces) count += 1;
    }
    return count;
  }

  /** Lines of `account: PRIVILEGE on table`, and one for the account itself: what those tickets give that hold now. */
  async approved(): Promise<Set<string>> {
    const lines = new Set<string>();
    const now = Date.now();
    for (const { rest, username } of this.#people)
      for (const { id, endsAt, asked, narrowed } of await this.#tickets(rest, "approved")) {
        const { places, startsAt } = narrowed ?? asked;
        if (Date.parse(endsAt ?? "") <= now || (startsAt !== null && Date.parse(startsAt) > now)) continue;
        const isReading = places.every(({ privileges }) => privileges.every((each) => each === "select"));
        const account = `jump_db_${username}_${isReading ? "r" : "w"}`;
        lines.add(account);
        for (const { table, privileges } of places)
          for (const privilege of privileges.flatMap((each) => meaning[each] ?? [`${each} of ${id}`]))
            lines.add(`${account}: ${privilege} on \`shop\`.${table === null ? "*" : `\`${table}\``}`);
      }
    return lines;
  }

  /** How often the hub says that an account is not as it should be, or that it waits. */
  async unsettled(): Promise<number> {
    let count = 0;
    for (const { rest } of this.#people)
      for (const { id } of await this.#tickets(rest, "approved")) {
        const { account } = await rest.json<{ account: { state: string } | null }>("GET", `/tickets/${id}/database-account`);
        if (account === null || account.state === "making") count += 1;
      }
    return count;
  }

  /** Newest first, as many as a page holds: nobody has more at once. */
  async #tickets(rest: RestClient, state: string): Promise<Ticket[]> {
    const { items } = await rest.json<{ items: { id: string }[] }>("GET", `/tickets?state=${state}&limit=200`);
    return Promise.all(items.map(({ id }) => rest.json<Ticket>("GET", `/tickets/${id}`)));
  }
}

/** The same lines as the server's own catalogue has them, in its words. */
export function given(mariadb: MariaDb): Set<string> {
  const lines = new Set<string>();
  for (const account of mariadb
    .asRoot("select user from mysql.user where user like 'jump\\_db\\_%'")
    .split("\n")
    .filter(Boolean)) {
    lines.add(account);
    for (const grant of grantsOf(mariadb, account)) {
      const [, privileges = "", place = grant] = /^GRANT (.+) ON (\S+) TO /.exec(grant) ?? [];
      if (privileges !== "USAGE") for (const each of privileges.split(", ")) lines.add(`${account}: ${each} on ${place}`);
    }
  }
  return lines;
}

/** None of an account that was dropped since it was listed: the next look lists it no more. */
function grantsOf(mariadb: MariaDb, account: string): string[] {
  try {
    return mariadb.asRoot(`show grants for '${account}'@'%'`).split("\n").filter(Boolean);
  } catch (error) {
    if (error instanceof Error && error.message.includes("There is no such grant")) return [];
    throw error;
  }
}

/** Invited, joined, and with an access key of his own. */
async function join(admin: RestClient, dataDir: string, name: string): Promise<Person> {
  const email = `${name}@example.org`;
  const invited = await admin.json<{ id: string; link: string }>("POST", "/people", { email, name, role: "user" });
  const token = new URL(invited.link).searchParams.get("token");
  const { ok, status } = await fetch(`${admin.url}/trpc/auth.acceptInvite`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: admin.url },
    body: JSON.stringify({ token, name, password: `a long enough password of ${name}` }),
  });
  if (!ok) throw new Error(`the invitation's acceptance answered ${status}`);
  const key =
    sallyportCommand(dataDir, "access-key", "create", "--email", email, "--name", "faults").trim().split("\n").at(-1) ?? "";
  const { username } = await admin.json<{ username: string }>("GET", `/people/${invited.id}`);
  return { rest: new RestClient(admin.url, key), id: invited.id, username };
}
