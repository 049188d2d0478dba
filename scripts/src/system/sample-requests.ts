// Requests of every kind in every state that a page draws on its own, on a real database server, with people who ask, decide and take in an emergency.
import { ConsoleSession } from "./console-session.ts";
import { firstAdmin } from "./launched-hub.ts";
import type { MailBox } from "./mail-box.ts";
import type { MariaDb } from "./mariadb.ts";
import type { RestClient } from "./rest-client.ts";
import { beginReview } from "./sample-life.ts";
import { until } from "./until.ts";

const people = {
  requester: { name: "Rosa Requester", email: "rosa@example.org", password: "a sentence of her own" },
  manager: { name: "Max Manager", email: "max@example.org", password: "a sentence of his own" },
  onCall: { name: "Otto On-Call", email: "otto@example.org", password: "a sentence for the night" },
};

/** Of them all: who looks at a page. */
export type Viewer = keyof typeof people | "admin" | "nobody";

export type SampleRequests = {
  sessions: Record<Exclude<Viewer, "nobody">, ConsoleSession>;
  /** The path of the link in the manager's mail about the pending one. */
  mailLink: string;
  assetId: string;
  database: Record<"pending" | "approved" | "narrowed", string>;
  script: Record<"pending" | "approved", string>;
  server: Record<"approved", string>;
  emergency: Record<"held" | "over" | "reviewed", string>;
  reviewId: string;
};

type Scene = { rest: RestClient; mail: MailBox; server: MariaDb; scriptId: string; agentAssetId: string };

export async function makeSampleRequests(scene: Scene): Promise<SampleRequests> {
  const { rest, mail } = scene;
  const assetId = await makeServer(scene);
  const manager = await ConsoleSession.join(rest, mail, people.manager, "user");
  const requester = await ConsoleSession.join(rest, mail, people.requester, "user");
  await rest.json("POST", `/people/${requester.id}`, { managerId: manager.id });
  const admin = await ConsoleSession.signIn(rest.url, { ...firstAdmin });
  const { id: onCallRole } = await admin.mutate<{ id: string }>("roles.create", {
    name: "On call",
    description: "May take access in an emergency.",
    permissions: ["terminal.open", "tickets.open", "access.break-glass"],
  });
  const onCall = await ConsoleSession.join(rest, mail, people.onCall, onCallRole);
  const level = {
    approvers: [{ kind: "manager" }],
    need: { kind: "any" },
    minutes: 480,
    escalateTo: [{ kind: "role", id: "admin" }],
  };
  for (const [name, kinds, id] of [
    ["Shop database", ["database"], assetId],
    ["Servers and scripts", ["server", "script"], scene.agentAssetId],
  ])
    await rest.json("POST", "/ticket-flows", { name, match: { kinds, targets: [{ kind: "asset", id }] }, levels: [level] });

  const ask = async (asked: object, title: string, reason: string) =>
    (
      await requester.session.mutate<{ id: string }>("tickets.open", {
        title,
        reason,
        references: ["https://tickets.example.org/SHOP-1207"],
        asked,
      })
    ).id;
  const approve = (id: string, more: object = {}) =>
    manager.session.mutate("tickets.decide", { id, decision: "approve", ...more });

  const place = (table: string | null, ...privileges: string[]) => ({ database: "shop", schema: null, table, privileges });
  const of = (...places: object[]) => ({ kind: "database", assetId, places, minutes: 480 });
  const pending = await ask(
    of(place("orders", "select", "update"), place("salaries", "select")),
    "Figures of November",
    "They do not add up.\nI compare the orders with what was paid.",
  );
  const mailLink = await until("the mail that asks for a decision", async () => {
    const { pathname, search } = await mail.linkTo(people.manager.email);
    return pathname === "/decide" && `${pathname}${search}`;
  });
  const approved = await ask(of(place("orders", "select")), "Orders of the shop", "A customer asks where his order is.");
  await approve(approved, { comment: "Reading is enough for that." });
  const wide = of(place("orders", "select", "insert", "update", "delete"), place("salaries", "select", "update"));
  const narrowed = await ask(wide, "Repair of the orders", "An import wrote wrong notes.");
  await approve(narrowed, { narrowed: { ...of(place("orders", "select", "update")), startsAt: null, minutes: 120 } });
  await until(
    "the account stands",
    async () => (await standing(rest, approved)) === "ready" && (await standing(rest, narrowed)) === "ready",
  );

  const run = {
    kind: "script",
    assetIds: [scene.agentAssetId],
    scriptId: scene.scriptId,
    version: 1,
    parameters: { KEEP: 14 },
    runs: 2,
    minutes: 240,
  };
  const script = {
    pending: await ask(run, "Clean the backups", "The disk is nearly full."),
    approved: await ask(run, "Clean the backups of October", "The disk was nearly full."),
  };
  await approve(script.approved);

  const open = {
    kind: "server",
    assetIds: [scene.agentAssetId],
    accounts: ["@agent"],
    actions: ["connect", "upload"],
    minutes: 120,
  };
  const server = { approved: await ask(open, "Look at the disk", "Which folder grows so fast?") };
  await approve(server.approved);

  const take = async (reason: string) =>
    (
      await onCall.session.mutate<{ id: string }>("breakGlass.open", {
        assetIds: [scene.agentAssetId],
        accounts: ["@agent"],
        actions: ["connect", "run"],
        reason,
        minutes: 30,
      })
    ).id;
  const over = async (reason: string) => {
    const id = await take(reason);
    await onCall.session.mutate("tickets.end", { id, reason: "repaired" });
    return id;
  };
  const emergency = {
    reviewed: await over("The shop answered nobody."),
    over: await over("The backup filled the disk."),
    held: await take("The shop is down and nobody else is awake."),
  };
  await admin.mutate("breakGlass.review", { id: emergency.reviewed, findings: "He restarted the service, and nothing else." });

  const reviewId = await beginReview(rest, "Databases of the shop");
  return {
    sessions: { requester: requester.session, manager: manager.session, onCall: onCall.session, admin },
    mailLink,
    assetId,
    database: { pending, approved, narrowed },
    script,
    server,
    emergency,
    reviewId,
  };
}

/** The database server as an asset, with the account of it that may make others. */
async function makeServer({ rest, server }: Scene): Promise<string> {
  server.asRoot(`create database shop; use shop;
    create table orders (id int primary key, note varchar(40)); create table salaries (id int primary key, amount int);`);
  const { items } = await rest.json<{ items: { zone: { id: string } }[] }>("GET", "/assets");
  const { id } = await rest.json<{ id: string }>("POST", "/assets", {
    name: "shop-db",
    zoneId: items[0]?.zone.id,
    platform: "mariadb",
    address: server.address,
    protocols: [{ name: "mariadb", port: server.port }],
  });
  const { username, password } = server.privileged;
  await rest.json("POST", "/accounts", { assetId: id, username, secret: { kind: "password", password }, privileged: true });
  return id;
}

const standing = async (rest: RestClient, id: string) =>
  (await rest.json<{ account: { state: string } | null }>("GET", `/tickets/${id}/database-account`)).account?.state;
