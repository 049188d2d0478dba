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
  const { rest, mail, agentAssetId } = scene;
  const assetId = await makeServer(scene);
  const manager = await ConsoleSession.join(rest, mail, people.manager, "user");
  const requester = await ConsoleSession.join(rest, mail, people.requester, "user");
  await rest.json("POST", `/people/${requester.id}`, { managerId: manager.id });
  const admin = await ConsoleSession.signIn(rest.url, firstAdmin);
  const onCall = await joinOnCall(scene, admin);
  await makeFlows(rest, {
    "Shop database": [["database"], assetId],
    "Servers and scripts": [["server", "script"], agentAssetId],
  });
  const desk = deskOf(requester.session, manager.session);
  const databases = await askForDatabases(desk, scene, assetId);
  const script = await askForScripts(desk, scene);
  const open = { kind: "server", assetIds: [agentAssetId], accounts: ["@agent"], actions: ["connect", "upload"], minutes: 120 };
  const server = { approved: await desk.ask(open, "Look at the disk", "Which folder grows so fast?") };
  await desk.approve(server.approved);
  const emergency = await takeInEmergencies(onCall, admin, agentAssetId);
  const reviewId = await beginReview(rest, "Databases of the shop");
  const sessions = { requester: requester.session, manager: manager.session, onCall, admin };
  return { sessions, assetId, ...databases, script, server, emergency, reviewId };
}

async function joinOnCall({ rest, mail }: Scene, admin: ConsoleSession): Promise<ConsoleSession> {
  const { id: role } = await admin.mutate<{ id: string }>("roles.create", {
    name: "On call",
    description: "May take access in an emergency.",
    permissions: ["terminal.open", "tickets.open", "access.break-glass"],
  });
  return (await ConsoleSession.join(rest, mail, people.onCall, role)).session;
}

/** By name: of which kinds, about which asset. */
async function makeFlows(rest: RestClient, flows: Record<string, [kinds: string[], assetId: string]>): Promise<void> {
  const escalateTo = [{ kind: "role", id: "admin" }];
  const level = { approvers: [{ kind: "manager" }], need: { kind: "any" }, minutes: 480, escalateTo };
  for (const [name, [kinds, id]] of Object.entries(flows))
    await rest.json("POST", "/ticket-flows", { name, match: { kinds, targets: [{ kind: "asset", id }] }, levels: [level] });
}

/** Where one asks and the other approves. */
const deskOf = (requester: ConsoleSession, manager: ConsoleSession) => ({
  ask: async (asked: object, title: string, reason: string) => {
    const ticket = { title, reason, references: ["https://tickets.example.org/SHOP-1207"], asked };
    return (await requester.mutate<{ id: string }>("tickets.open", ticket)).id;
  },
  approve: (id: string, more: object = {}) => manager.mutate("tickets.decide", { id, decision: "approve", ...more }),
});
type Desk = ReturnType<typeof deskOf>;

/** The pending one first, so that the manager's newest mail is about it. */
async function askForDatabases({ ask, approve }: Desk, { rest, mail }: Scene, assetId: string) {
  const place = (table: string, ...privileges: string[]) => ({ database: "shop", schema: null, table, privileges });
  const of = (...places: object[]) => ({ kind: "database", assetId, places, minutes: 480 });
  const figures = of(place("orders", "select", "update"), place("salaries", "select"));
  const pending = await ask(figures, "Figures of November", "They do not add up.\nI compare the orders with what was paid.");
  const mailLink = await until("the mail that asks for a decision", async () => {
    const { pathname, search } = await mail.linkTo(people.manager.email);
    return pathname === "/decide" && `${pathname}${search}`;
  });
  const approved = await ask(of(place("orders", "select")), "Orders of the shop", "A customer asks where his order is.");
  await approve(approved, { comment: "Reading is enough for that." });
  const wide = of(place("orders", "select", "insert", "update", "delete"), place("salaries", "select", "update"));
  const narrowed = await ask(wide, "Repair of the orders", "An import wrote wrong notes.");
  await approve(narrowed, { narrowed: { ...of(place("orders", "select", "update")), startsAt: null, minutes: 120 } });
  for (const id of [approved, narrowed]) await until("the account stands", async () => (await standing(rest, id)) === "ready");
  return { mailLink, database: { pending, approved, narrowed } };
}

async function askForScripts({ ask, approve }: Desk, { scriptId, agentAssetId }: Scene) {
  const which = { scriptId, version: 1, parameters: { KEEP: 14 } };
  const run = { kind: "script", assetIds: [agentAssetId], ...which, runs: 2, minutes: 240 };
  const pending = await ask(run, "Clean the backups", "The disk is nearly full.");
  const approved = await ask(run, "Clean the backups of October", "The disk was nearly full.");
  await approve(approved);
  return { pending, approved };
}

async function takeInEmergencies(onCall: ConsoleSession, admin: ConsoleSession, assetId: string) {
  const take = async (reason: string) => {
    const taken = { assetIds: [assetId], accounts: ["@agent"], actions: ["connect", "run"], reason, minutes: 30 };
    return (await onCall.mutate<{ id: string }>("breakGlass.open", taken)).id;
  };
  const takeAndEnd = async (reason: string) => {
    const id = await take(reason);
    await onCall.mutate("tickets.end", { id, reason: "repaired" });
    return id;
  };
  const reviewed = await takeAndEnd("The shop answered nobody.");
  await admin.mutate("breakGlass.review", { id: reviewed, findings: "He restarted the service, and nothing else." });
  const over = await takeAndEnd("The backup filled the disk.");
  return { reviewed, over, held: await take("The shop is down and nobody else is awake.") };
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
