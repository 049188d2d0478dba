// Access at the size of a large organisation: how long it takes to decide, and to list what somebody may reach. The rows are made by a fixed seed,
// straight into this hub's own database; what is measured goes through its doors.
import { terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import type { Sql } from "postgres";
import { WebSocket } from "ws";
import { startHubParts } from "../system/hub-parts.ts";
import { sallyportCommand } from "../system/launched-hub.ts";
import { ownDatabase } from "../system/own-database.ts";
import { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import type { BenchOptions } from "./options.ts";
import { percentile } from "./statistics.ts";
import { type Row, standing } from "./table.ts";

const sizes = { people: 10_000, groups: 500, assets: 100_000, grants: 20_000, nodes: 5_000, labels: 200 };
/** People whose questions are asked; each asks about assets of his own and of others. */
const asked = 12;

/** mulberry32: the same organisation in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function access({ samples }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-access");
  await using parts = await startHubParts({ folder: folder.path, env: { SALLYPORT_LOG_LEVEL: "warn" } });
  const sql = ownDatabase(parts.dataDir);
  const from = performance.now();
  const people = await seed(sql);
  await sql`analyze`; // as the database does by itself within a minute
  await sql.end();
  process.stderr.write(`seeded in ${((performance.now() - from) / 1e3).toFixed(0)} s\n`);

  const decided: number[] = [];
  const refused: number[] = [];
  const pages: number[] = [];
  const searches: number[] = [];
  let most = 0;
  const rounds = Math.ceil(samples / asked);
  for (const email of people) {
    const key =
      sallyportCommand(parts.dataDir, "access-key", "create", "--email", email, "--name", "bench").trim().split("\n").at(-1) ??
      "";
    const rest = new RestClient(parts.address.url, key);
    const page = "/assets?scope=mine&limit=50";
    await rest.json("GET", page); // a connection that stands, statements that are planned
    let mine: { items: { id: string; accounts: { id: string }[] }[]; total: number } = { items: [], total: 0 };
    for (let n = 0; n < Math.min(rounds, 20); n++) {
      pages.push(await timed(async () => (mine = await rest.json("GET", page))));
      searches.push(await timed(() => rest.json("GET", `${page}&search=host-${n}7`)));
    }
    most = Math.max(most, mine.total);
    if (mine.items.length === 0) throw new Error(`${email} reaches nothing`);
    for (let n = 0; n < rounds; n++) {
      const asset = mine.items[n % mine.items.length];
      const account = asset?.accounts.find(({ id }) => id.startsWith("acc_"))?.id;
      decided.push(await openingMs(parts.address.url, key, { assetId: asset?.id, account }, "agent-offline"));
      if (n < 20)
        refused.push(
          await openingMs(parts.address.url, key, { assetId: `ast_bench_${n * 977}`, account: "@ask" }, /not-found|no-grant/),
        );
    }
  }
  return [
    standing({
      name: "deciding: authorize() and the question which agent is online, p50",
      unit: "ms",
      value: percentile(decided, 0.5),
    }),
    standing({ name: "deciding: the same, p99", unit: "ms", value: percentile(decided, 0.99) }, { most: 5 }),
    standing({ name: "refusing, with its event in the audit log, p99", unit: "ms", value: percentile(refused, 0.99) }),
    standing({ name: `my assets, first page of 50 (of up to ${most}), p50`, unit: "ms", value: percentile(pages, 0.5) }),
    standing({ name: "my assets, first page, p99", unit: "ms", value: percentile(pages, 0.99) }, { most: 200 }),
    standing({ name: "my assets, searched, p99", unit: "ms", value: percentile(searches, 0.99) }, { most: 200 }),
  ];
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** From the first message of a terminal's socket to the answer. No agent is online, so nothing opens and nothing is written. */
async function openingMs(
  url: string,
  key: string,
  opening: { assetId: string | undefined; account: string | undefined },
  expected: string | RegExp,
): Promise<number> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/terminal`, terminalSubprotocol, {
    headers: { authorization: `Bearer ${key}` },
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const answer = new Promise<{ code?: string }>((resolve) =>
    socket.once("message", (data) => resolve(JSON.parse(data.toString()) as { code?: string })),
  );
  const from = performance.now();
  socket.send(JSON.stringify({ type: "open", cols: 80, rows: 24, ...opening }));
  const { code = "opened" } = await answer;
  const ms = performance.now() - from;
  socket.terminate();
  if (typeof expected === "string" ? code !== expected : !expected.test(code))
    throw new Error(`answered ${code}, expected ${expected}`);
  return ms;
}

/** Returns the e-mail addresses of some people who reach something. */
async function seed(sql: Sql): Promise<string[]> {
  const next = randomFrom(20_261_121);
  const below = (n: number) => Math.floor(next() * n);
  const [zone] = await sql<{ id: string; org: string }[]>`select id, org_id as org from zones limit 1`;
  if (zone === undefined) throw new Error("the hub has no zone");
  const { org } = zone;
  const now = new Date();
  const insert = async (table: string, rows: object[]) => {
    for (let at = 0; at < rows.length; at += 2_000)
      await sql`insert into ${sql(table)} ${sql(rows.slice(at, at + 2_000) as Record<string, string>[])}`;
  };
  const ids = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}_bench_${n}`);
  const made = { org_id: org, created_at: now };
  const [people, groups, nodes, assets, grants] = [
    ids("usr", sizes.people),
    ids("grp", sizes.groups),
    ids("nod", sizes.nodes),
    ids("ast", sizes.assets),
    ids("grt", sizes.grants),
  ] as [string[], string[], string[], string[], string[]];
  const oneOf = (list: string[]) => list[below(list.length)] ?? "";
  const labels = Array.from({ length: sizes.labels }, (_, n) => `team:${n}`);

  await insert(
    "users",
    people.map((id, n) => ({
      ...made,
      id,
      name: `Person ${n}`,
      email: `${id}@example.org`,
      email_verified: true,
      updated_at: now,
      role: "user",
      accepted: true,
      username: `person${n}`,
    })),
  );
  await insert(
    "groups",
    groups.map((id, n) => ({ ...made, id, name: `Group ${n}` })),
  );
  const members = people.flatMap((user_id) =>
    [...new Set([oneOf(groups), oneOf(groups), oneOf(groups)])].map((group_id) => ({ group_id, user_id })),
  );
  await insert("group_members", members);

  // A tree of up to seven levels: each node under one of those before it.
  const parents = nodes.map((_, n) => (n < 20 ? null : (nodes[Math.floor(n * next() * 0.5)] ?? null)));
  await insert(
    "nodes",
    nodes.map((id, n) => ({ ...made, id, parent_id: parents[n] ?? null, name: `Node ${n}` })),
  );
  const above = new Map<string, string[]>();
  for (const [n, id] of nodes.entries()) above.set(id, [id, ...(above.get(parents[n] ?? "") ?? [])]);
  await insert(
    "node_ancestors",
    [...above].flatMap(([node_id, all]) => all.map((ancestor_id) => ({ node_id, ancestor_id }))),
  );

  await insert(
    "assets",
    assets.map((id, n) => ({
      ...made,
      id,
      zone_id: zone.id,
      category: "host",
      platform: "linux",
      name: `host-${n}`,
      address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
      protocols: sql.json([{ name: "ssh", port: 22 }]),
      updated_at: now,
    })),
  );
  await insert(
    "asset_nodes",
    assets.flatMap((asset_id) => [...new Set([oneOf(nodes), oneOf(nodes)])].map((node_id) => ({ asset_id, node_id }))),
  );
  await insert(
    "asset_labels",
    assets.map((asset_id) => ({ asset_id, org_id: org, label: oneOf(labels) })),
  );
  await insert(
    "accounts",
    assets.flatMap((asset_id, n) =>
      ["root", "deploy"].map((username) => ({
        ...made,
        id: `acc_bench_${username}_${n}`,
        asset_id,
        username,
        secret_kind: "password",
        updated_at: now,
      })),
    ),
  );

  await insert(
    "grants",
    grants.map((id, n) => ({
      ...made,
      id,
      name: `Grant ${n}`,
      accounts: n % 3 === 0 ? ["deploy"] : ["@all"],
      protocols: ["@all"],
      actions: ["connect", "upload", "download"],
      addresses: [],
      created_by: people[0] ?? "",
      updated_at: now,
    })),
  );
  // Half of them are a person's, half a group's; most name assets, a quarter a node, one in a hundred a label.
  await insert(
    "grant_subjects",
    grants.map((grant_id) =>
      below(2) === 0
        ? { grant_id, kind: "user", subject_id: oneOf(people) }
        : { grant_id, kind: "group", subject_id: oneOf(groups) },
    ),
  );
  const targetsOf = (): { kind: string; target_id: string }[] => {
    const draw = below(100);
    if (draw === 0) return [{ kind: "label", target_id: oneOf(labels) }];
    if (draw < 26) return [{ kind: "node", target_id: oneOf(nodes) }];
    return [...new Set([oneOf(assets), oneOf(assets), oneOf(assets)])].map((target_id) => ({ kind: "asset", target_id }));
  };
  await insert(
    "grant_targets",
    grants.flatMap((grant_id) => targetsOf().map((target) => ({ grant_id, ...target }))),
  );
  await sql`analyze`;
  const some = await sql<{ email: string }[]>`
    select u.email from users u where u.id like 'usr_bench_%' and exists (select 1 from group_members m join grant_subjects s on s.kind = 'group' and s.subject_id = m.group_id where m.user_id = u.id)
    order by md5(u.id) limit ${asked}`;
  return some.map(({ email }) => email);
}
