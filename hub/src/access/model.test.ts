// authorize() against a second, plain statement of the same rules: more than five thousand cells of a made-up organisation, none wrong.
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Actor, permissionsOf } from "../identity/actor.ts";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { authorize } from "./authorize.ts";
import { mayGoOn } from "./recheck.ts";

/** Numbers from a fixed seed (mulberry32): a failure happens again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const next = random(20_261_121);
const below = (n: number) => Math.floor(next() * n);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
const someOf = <T>(list: readonly T[], most: number): T[] => [
  ...new Set(Array.from({ length: 1 + below(most) }, () => oneOf(list))),
];

const orgId = newId("org");
const now = new Date("2026-11-23T10:30:00Z"); // a Monday
const hour = 3_600_000;
const usernames = ["root", "deploy"];
const protocols = ["ssh", "https"] as const;
const actions = ["connect", "run", "upload"] as const;
const labels = ["env:prod", "env:test", "team:web"];
const choices = ["root", "deploy", "@ask"];

type Person = { id: string; role: "admin" | "user"; groups: string[]; ip: string };
type Node = { id: string; parent: string | null };
type Asset = { id: string; nodes: string[]; labels: string[]; accounts: Record<string, string> };
type Grant = {
  id: string;
  subjects: { kind: string; id: string }[];
  targets: { kind: string; id: string }[];
  accounts: string[];
  protocols: string[];
  actions: string[];
  startsAt: Date | null;
  expiresAt: Date | null;
  hours: { timeZone: string; spans: { days: number[]; from: number; to: number }[] } | null;
  addresses: string[];
  active: boolean;
  revoked: boolean;
};

const groupIds = Array.from({ length: 4 }, () => newId("grp"));
const people: Person[] = Array.from({ length: 12 }, (_, n) => ({
  id: newId("usr"),
  role: n === 0 ? "admin" : "user",
  groups: n % 3 === 0 ? [] : someOf(groupIds, 2),
  ip: oneOf(["192.0.2.10", "198.51.100.4"]),
}));
const nodes: Node[] = [];
for (let n = 0; n < 15; n += 1) nodes.push({ id: newId("nod"), parent: n < 3 ? null : oneOf(nodes).id });
const assets: Asset[] = Array.from({ length: 24 }, () => ({
  id: newId("ast"),
  nodes: below(4) === 0 ? [] : someOf(nodes, 2).map(({ id }) => id),
  labels: below(3) === 0 ? [] : someOf(labels, 2),
  accounts: Object.fromEntries(usernames.map((name) => [name, newId("acc")])),
}));
const grants: Grant[] = Array.from({ length: 40 }, () => ({
  id: newId("grt"),
  subjects: someOf(
    [
      ...people.map(({ id }) => ({ kind: "user", id })),
      ...groupIds.map((id) => ({ kind: "group", id })),
      { kind: "role", id: "user" },
    ],
    3,
  ),
  targets: someOf(
    [
      ...assets.map(({ id }) => ({ kind: "asset", id })),
      ...nodes.map(({ id }) => ({ kind: "node", id })),
      ...labels.map((id) => ({ kind: "label", id })),
      { kind: "all", id: "" },
    ],
    3,
  ),
  accounts: someOf(["@all", "@ask", ...usernames], 2),
  protocols: someOf(["@all", ...protocols], 2),
  actions: someOf(actions, 3),
  startsAt: oneOf([null, null, new Date(now.getTime() - hour), new Date(now.getTime() + hour)]),
  expiresAt: oneOf([null, null, new Date(now.getTime() - hour), new Date(now.getTime() + hour)]),
  hours: oneOf([
    null,
    null,
    { timeZone: "UTC", spans: [{ days: [1], from: 600, to: 660 }] },
    { timeZone: "UTC", spans: [{ days: [2, 3], from: 0, to: 1_440 }] },
  ]),
  addresses: oneOf([[], [], ["192.0.2.0/24"]]),
  active: below(8) > 0,
  revoked: below(8) === 0,
}));

/** The rules in the plainest words: every pair is walked, nothing is looked up. */
function mayModel(person: Person, asset: Asset, choice: string, protocol: string, action: string): boolean {
  const above = (id: string): string[] => {
    const parent = nodes.find((node) => node.id === id)?.parent ?? null;
    return parent === null ? [id] : [id, ...above(parent)];
  };
  return grants.some((grant) => {
    if (grant.revoked || !grant.active) return false;
    const named = grant.subjects.some(({ kind, id }) =>
      kind === "user" ? id === person.id : kind === "group" ? person.groups.includes(id) : id === person.role,
    );
    const on = grant.targets.some(({ kind, id }) =>
      kind === "all"
        ? true
        : kind === "asset"
          ? id === asset.id
          : kind === "label"
            ? asset.labels.includes(id)
            : asset.nodes.flatMap(above).includes(id),
    );
    if (!named || !on) return false;
    if (grant.startsAt !== null && grant.startsAt.getTime() > now.getTime()) return false;
    if (grant.expiresAt !== null && grant.expiresAt.getTime() <= now.getTime()) return false;
    // It is Monday, 10:30.
    if (grant.hours !== null && !grant.hours.spans.some(({ days, from, to }) => days.includes(1) && from <= 630 && 630 < to))
      return false;
    if (grant.addresses.length > 0 && !person.ip.startsWith("192.0.2.")) return false;
    const account = choice.startsWith("@")
      ? grant.accounts.includes(choice)
      : grant.accounts.includes("@all") || grant.accounts.includes(choice);
    return account && (grant.protocols.includes("@all") || grant.protocols.includes(protocol)) && grant.actions.includes(action);
  });
}

let held: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  held = await createTestDatabase();
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  const { sql } = held;
  const zone = newId("zon");
  await sql`insert into organisations (id, name, created_at) values (${orgId}, ${orgId}, now())`;
  await sql`insert into zones (id, org_id, name, created_at) values (${zone}, ${orgId}, 'z', now())`;
  for (const id of groupIds) await sql`insert into groups (id, org_id, name, created_at) values (${id}, ${orgId}, ${id}, now())`;
  for (const { id, role, groups } of people) {
    await sql`insert into users (id, name, email, email_verified, created_at, updated_at, org_id, role, accepted, username)
      values (${id}, ${id}, ${`${id}@example.org`}, false, now(), now(), ${orgId}, ${role}, true, ${id})`;
    for (const group of groups) await sql`insert into group_members (group_id, user_id) values (${group}, ${id})`;
  }
  for (const { id, parent } of nodes) {
    await sql`insert into nodes (id, org_id, parent_id, name, created_at) values (${id}, ${orgId}, ${parent}, ${id}, now())`;
    await sql`insert into node_ancestors (node_id, ancestor_id) select ${id}, ancestor_id from node_ancestors where node_id = ${parent ?? ""} union select ${id}, ${id}`;
  }
  for (const asset of assets) {
    await sql`insert into assets (id, org_id, zone_id, category, platform, name, address, protocols, created_at, updated_at)
      values (${asset.id}, ${orgId}, ${zone}, 'host', 'linux', ${asset.id}, '192.0.2.1', ${sql.json([{ name: "ssh", port: 22 }])}, now(), now())`;
    for (const node of asset.nodes) await sql`insert into asset_nodes (asset_id, node_id) values (${asset.id}, ${node})`;
    for (const label of asset.labels)
      await sql`insert into asset_labels (asset_id, org_id, label) values (${asset.id}, ${orgId}, ${label})`;
    for (const [username, id] of Object.entries(asset.accounts))
      await sql`insert into accounts (id, org_id, asset_id, username, secret_kind, created_at, updated_at) values (${id}, ${orgId}, ${asset.id}, ${username}, 'password', now(), now())`;
  }
  for (const grant of grants) {
    await sql`insert into grants (id, org_id, name, accounts, protocols, actions, starts_at, expires_at, hours, addresses, active, created_by, created_at, updated_at, revoked_at)
      values (${grant.id}, ${orgId}, ${grant.id}, ${grant.accounts}, ${grant.protocols}, ${grant.actions}, ${grant.startsAt}, ${grant.expiresAt},
        ${grant.hours === null ? null : sql.json(grant.hours)}, ${grant.addresses}, ${grant.active}, 'x', now(), now(), ${grant.revoked ? now : null})`;
    for (const { kind, id } of grant.subjects)
      await sql`insert into grant_subjects (grant_id, kind, subject_id) values (${grant.id}, ${kind}, ${id})`;
    for (const { kind, id } of grant.targets)
      await sql`insert into grant_targets (grant_id, kind, target_id) values (${grant.id}, ${kind}, ${id})`;
  }
}, 60_000);
afterAll(async () => {
  await database.close();
  await held.sql.end();
});

const actorOf = (person: Person): Actor => ({
  id: person.id,
  name: person.id,
  username: person.id,
  email: `${person.id}@example.org`,
  role: person.role,
  permissions: permissionsOf(person.role, null),
  orgId,
  ip: person.ip,
  systemAdmin: false,
  via: { kind: "key", keyId: "key_x", scopes: null },
});

const cells = people.flatMap((person) =>
  assets.flatMap((asset) =>
    choices.flatMap((choice) =>
      protocols.flatMap((protocol) => actions.map((action) => ({ person, asset, choice, protocol, action }))),
    ),
  ),
);

test("authorize() says in every cell what the rules say", { timeout: 300_000 }, async () => {
  const wrong: object[] = [];
  let allowed = 0;
  const waiting = [...cells];
  const work = async () => {
    for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
      const { person, asset, choice, protocol, action } = cell;
      const account = asset.accounts[choice] ?? choice;
      const answer = await authorize(database.db, actorOf(person), { assetId: asset.id, account, protocol, action }, now).then(
        (authorization) => authorization.actions.has(action),
        (error: unknown) => {
          if (error instanceof HubError && ["not-found", "no-grant"].includes(error.code)) return false;
          throw error;
        },
      );
      if (answer) allowed += 1;
      if (answer !== mayModel(person, asset, choice, protocol, action))
        wrong.push({ person: person.id, asset: asset.id, choice, protocol, action, answer });
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  expect(cells.length).toBeGreaterThanOrEqual(5_000);
  expect(wrong).toEqual([]);
  // Neither everything nor nothing: the made-up organisation tests both answers.
  expect(allowed).toBeGreaterThan(cells.length / 20);
  expect(allowed).toBeLessThan((cells.length * 19) / 20);
});

test("what is open goes on in the cells in which it could be opened, and in no other", async () => {
  const works = cells.map(({ person, asset, choice, protocol, action }, n) => ({
    id: String(n),
    orgId,
    userId: person.id,
    assetId: asset.id,
    accountChoice: asset.accounts[choice] ?? choice,
    protocol,
    action,
    address: person.ip,
  }));
  const { on } = await mayGoOn(database.db, works, now);
  const expected = cells.flatMap(({ person, asset, choice, protocol, action }, n) =>
    mayModel(person, asset, choice, protocol, action) ? [String(n)] : [],
  );
  expect([...on].sort()).toEqual(expected.sort());
});
