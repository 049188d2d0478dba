// What is told leaves the hub: after the commit, once, at the pace a robot allows, again when it failed, and never to where it must not go. Against robots
// that check as the real ones do, a real mail server and a real database.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import type { Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Changes } from "../platform/changes.ts";
import { readConfig } from "../platform/config.ts";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { loadHubKeys } from "../platform/hub-keys.ts";
import { createLog } from "../platform/log.ts";
import { Vault } from "../platform/vault.ts";
import { TestClock } from "../testing/eventually.ts";
import { type MailServer, readMail, startMailServer } from "../testing/mail-server.ts";
import { type RobotServer, robotKey, robotSecrets, startRobots } from "../testing/robot-server.ts";
import { createTestDatabase } from "../testing/test-database.ts";
import { openTarget, sealedChannels, sealTarget } from "./channel-secret.ts";
import { channelRules } from "./channels/rules.ts";
import { attemptsMax, NoticeDelivery, removeOldNotices, waitingMax } from "./deliver.ts";
import { type ChannelKind, channelKinds, type NoticeKind } from "./input.ts";
import { createMailer } from "./mailer.ts";
import { notify } from "./notify.ts";
import { AddressRefused, post, whyRefused } from "./post.ts";
import { noticeChannels } from "./schema.ts";

const clock = new TestClock();
const orgId = newId("org");
const dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-notify-"));
let database: OpenDatabase;
let sql: Sql;
let vault: Vault;
let robots: RobotServer;
let mails: MailServer;
let mailer: ReturnType<typeof createMailer>;

beforeAll(async () => {
  const held = await createTestDatabase();
  sql = held.sql;
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  vault = Vault.open(dataDir);
  robots = await startRobots(clock);
  mails = await startMailServer();
  const { smtp } = readConfig(["--smtp-url", `smtp://127.0.0.1:${mails.port}`, "--public-url", "https://hub.example.org"], {});
  if (smtp === undefined) throw new Error("no mail server is configured");
  mailer = createMailer(smtp);
  await sql`insert into organisations (id, name, created_at) values (${orgId}, 'Org', now())`;
});
afterAll(async () => {
  mailer.close();
  await robots[Symbol.asyncDispose]();
  await mails[Symbol.asyncDispose]();
  await database.close();
  await sql.end();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await sql`delete from notice_channels`;
  await sql`delete from notices`;
  await sql`delete from notice_paces`;
  await sql`delete from users`;
  robots.received.length = robots.answers.length = mails.mails.length = 0;
});

const delivery = (withMail = true) =>
  new NoticeDelivery({
    db: database.db,
    clock,
    vault,
    consoleUrl: "https://hub.example.org",
    ownLink: () => null,
    log: createLog("fatal"),
    changes: new Changes(),
    mailer: withMail ? mailer : null,
  });

const pathsOf: Record<ChannelKind, string> = {
  dingtalk: `/dingtalk/robot/send?access_token=${robotKey}`,
  feishu: `/feishu/open-apis/bot/v2/hook/${robotKey}`,
  wecom: `/wecom/cgi-bin/webhook/send?key=${robotKey}`,
  slack: `/slack/services/${robotKey}`,
  teams: `/teams/workflows/${robotKey}`,
  webhook: "/webhook",
};

async function addChannel(
  kind: ChannelKind,
  { url = robots.url + pathsOf[kind], secret = secretOf(kind), kinds = ["run.failed"] } = {},
) {
  const row = { id: newId("nch"), orgId, secretVersion: 1 };
  await database.db.insert(noticeChannels).values({
    ...row,
    name: row.id,
    kind,
    active: true,
    language: "en",
    kinds: kinds as NoticeKind[],
    allowsInside: true,
    ...sealTarget(vault, row, { url, secret }),
    createdAt: clock.now(),
    updatedAt: clock.now(),
  });
  return row.id;
}
const secretOf = (kind: ChannelKind): string | null =>
  kind === "dingtalk" || kind === "feishu" || kind === "webhook" ? robotSecrets[kind] : null;

async function addPerson(role: "admin" | "user", language: "en" | "zh" = "en") {
  const id = newId("usr");
  await sql`insert into users (id, name, email, email_verified, created_at, updated_at, org_id, role, accepted, username, language)
    values (${id}, 'Ada', ${`${id}@example.org`}, true, now(), now(), ${orgId}, ${role}, true, ${id}, ${language})`;
  return id;
}

const failedRun = (task: string) => ({
  kind: "run.failed" as const,
  orgId,
  data: { task, taskId: null, runId: "run_1", by: "Ada", succeeded: 0, failed: 1, failures: [], seconds: 1 },
});
const tell = (task: string, more: object = {}) =>
  database.db.transaction((tx) => notify(tx, { ...failedRun(task), ...more }, clock.now()));
const states = async () =>
  (await sql<{ state: string; count: number }[]>`select state, count(*)::int as count from notice_deliveries group by state`).map(
    ({ state, count }) => [state, count],
  );
const answers = async () =>
  (await sql<{ answer: string }[]>`select distinct answer from notice_deliveries`).map(({ answer }) => answer);

test.each(channelKinds)("a %s robot takes a notice, and its log says so", async (kind) => {
  await addChannel(kind);
  await tell("Backup");
  await delivery().turn();
  expect(await states()).toEqual([["sent", 1]]);
  expect(robots.received).toHaveLength(1);
  expect(robots.received[0]?.body).toContain("Backup failed on 1 host");
});

test.each<[ChannelKind, string]>([
  ["dingtalk", "errcode 310000 sign not match"],
  ["feishu", "code 19021 sign match fail or timestamp is not within one hour from current time"],
])("an error inside a 200 of %s is a failure with its own words, and is not repeated", async (kind, words) => {
  await addChannel(kind, { secret: "another" });
  await tell("Backup");
  for (let n = 0; n < 3; n++) await delivery().turn();
  expect(await states()).toEqual([["failed", 1]]);
  expect(await answers()).toEqual([words]);
  expect(robots.received).toHaveLength(1);
});

test("what is rolled back is told to nobody, and what has a key is told once", async () => {
  await addChannel("slack");
  await database.db
    .transaction(async (tx) => {
      await notify(tx, failedRun("Backup"), clock.now());
      throw new Error("rolled back");
    })
    .catch(() => {});
  expect(await states()).toEqual([]);
  expect(await tell("Backup", { key: "once" })).toBe(true);
  expect(await tell("Backup", { key: "once" })).toBe(false);
  expect(await states()).toEqual([["waiting", 1]]);
});

// Before the tests that move the clock by hours: receivers of webhooks look at the machine's own.
test("several hubs on one database deliver once", async () => {
  await addChannel("webhook");
  await addChannel("feishu");
  const hubs = [delivery(), delivery(), delivery()];
  for (let n = 0; n < 10; n++) {
    await tell(`Task ${n}`);
    await Promise.all(hubs.map((hub) => hub.turn()));
  }
  for (let n = 0; n < 6; n++) {
    await Promise.all(hubs.map((hub) => hub.turn()));
    clock.advance(2_000);
  }
  expect(await states()).toEqual([["sent", 20]]);
  const told = robots.received.filter(({ path }) => path === "/webhook").flatMap(({ body }) => /Task \d/.exec(body)?.[0] ?? []);
  expect(told.sort()).toEqual(Array.from({ length: 10 }, (_, n) => `Task ${n}`));
});

test("a flood keeps to a robot's twenty a minute: nothing is lost, and what is too much comes as a digest", async () => {
  await addChannel("dingtalk");
  const hub = delivery();
  for (let n = 0; n < 8; n++) {
    for (let one = 0; one < 12; one++) await tell(`Task ${n}/${one}`);
    await hub.turn();
    clock.advance(8_000);
  }
  clock.advance(10_000);
  await hub.turn();
  expect(await states()).toEqual([["sent", 96]]);
  expect(robots.received.length).toBeLessThanOrEqual(21); // a robot that got too many says so, and that would be a failure above
  const bodies = robots.received.map(({ body }) => JSON.parse(body).actionCard);
  const counted = bodies.map(({ title }) => Number(/^(\d+) notices$/.exec(title)?.[1] ?? 1));
  expect(counted.reduce((sum, one) => sum + one, 0)).toBe(96);
  expect(bodies.find(({ title }) => title === "12 notices")?.text).toContain("and 2 more");
});

test("a robot that is away is tried again later and later, with everything that came meanwhile, until it is given up", async () => {
  await addChannel("slack");
  robots.answers.push({ status: 503, body: "try later" }, { status: 429, headers: { "retry-after": "3600" } });
  const hub = delivery();
  await tell("First");
  await hub.turn();
  await tell("Second");
  await hub.turn();
  expect(robots.received).toHaveLength(1); // it pauses for both
  expect(await answers()).toEqual(expect.arrayContaining(["HTTP 503 try later"]));
  clock.advance(31_000);
  await hub.turn(); // 429: in an hour
  clock.advance(1_800_000);
  await hub.turn();
  expect(robots.received).toHaveLength(2);
  clock.advance(1_801_000);
  await hub.turn();
  clock.advance(2_000);
  await hub.turn();
  expect(await states()).toEqual([["sent", 2]]);
  expect(robots.received).toHaveLength(4); // within the pace of Slack, so one by one

  await tell("Third");
  for (let n = 0; n < attemptsMax + 2; n++) {
    robots.answers.push({ status: 500 });
    await hub.turn();
    clock.advance(86_401_000);
  }
  expect(await states()).toEqual(expect.arrayContaining([["failed", 1]]));
  expect(robots.received).toHaveLength(4 + attemptsMax);
});

test("mailboxes that are written to slowly keep nobody else waiting", async () => {
  const people = await Promise.all(Array.from({ length: 20 }, () => addPerson("user")));
  for (const id of people)
    await sql`insert into notice_paces (target, tokens, tokens_at, failures) values (${id}, 0, ${clock.now()}, 0)`;
  await tell("Backup", { people });
  await addChannel("slack");
  await tell("Other");
  const hub = delivery();
  for (let n = 0; n < 4; n++) await hub.turn();
  expect(robots.received).toHaveLength(1);
  expect(mails.mails).toEqual([]);
  clock.advance(181_000);
  for (let n = 0; n < 4; n++) await hub.turn();
  expect(mails.mails).toHaveLength(20);
});

test("a hub that died while it sent leaves the message to another", async () => {
  const id = await addChannel("slack");
  await tell("Backup");
  await sql`insert into notice_paces (target, tokens, tokens_at, failures, busy_until)
    values (${id}, 1, now() - interval '1 hour', 0, ${new Date(clock.now().getTime() + 60_000)})`;
  await delivery().turn();
  expect(robots.received).toHaveLength(0);
  clock.advance(61_000);
  await delivery().turn();
  expect(await states()).toEqual([["sent", 1]]);
});

test("a receiver that is gone for good is told nothing more, which is on record", async () => {
  const id = await addChannel("webhook");
  robots.answers.push({ status: 410, body: "no such hook" });
  await tell("Backup");
  await delivery().turn();
  await tell("Later");
  expect(await states()).toEqual([["failed", 1]]);
  expect(await sql`select active, switched_off from notice_channels where id = ${id}`).toEqual([
    { active: false, switched_off: "HTTP 410 no such hook" },
  ]);
  expect(await sql`select data from audit_events where kind = 'notice-channel.switched-off' and subject_id = ${id}`).toHaveLength(
    1,
  );
});

describe("mail", () => {
  test("goes to whom it concerns, in his language, and what came in numbers is one mail", async () => {
    const [ada, li] = [await addPerson("user"), await addPerson("user", "zh")];
    await tell("<b>Backup</b>", { people: [ada, li] });
    const hub = delivery();
    await hub.turn();
    const mailTo = (id: string) =>
      mails.mails.filter(({ to }) => to.includes(`${id}@example.org`)).map(({ raw }) => readMail(raw));
    expect(mailTo(ada).map(({ subject }) => subject)).toEqual(["<b>Backup</b> failed on 1 host"]);
    expect(mailTo(ada)[0]?.html).toContain("&lt;b&gt;Backup&lt;/b&gt;");
    expect(mailTo(ada)[0]?.text).toContain("https://hub.example.org/run?id=run_1");
    expect(mailTo(li).map(({ subject }) => subject)).toEqual(["<b>Backup</b> 在 1 台主机上失败"]);
    for (let n = 0; n < 30; n++) await tell(`Task ${n}`, { people: [ada] });
    await hub.turn();
    expect(mailTo(ada).map(({ subject }) => subject)).toEqual(["<b>Backup</b> failed on 1 host", "30 notices"]);
  });

  test("is not sent to who is gone or does not want it, nor kept where there is no mail server", async () => {
    const [gone, quiet, ada] = [await addPerson("user"), await addPerson("user"), await addPerson("user")];
    await sql`insert into notice_subscriptions (user_id, kind, inbox, mail) values (${quiet}, 'run.failed', true, false)`;
    await tell("Backup", { people: [gone, quiet, ada] });
    await sql`update users set disabled_at = now() where id = ${gone}`;
    await delivery().turn();
    expect(mails.mails.map(({ to }) => to)).toEqual([[`${ada}@example.org`]]);
    expect(await answers()).toContain("The person may not sign in any more.");
    await tell("Again", { people: [ada] });
    await delivery(false).turn();
    expect(await states()).toEqual(
      expect.arrayContaining([
        ["sent", 1],
        ["failed", 1],
      ]),
    );
  });
});

describe("a hostile receiver", () => {
  const to = (name: string) => ({ url: `${robots.url}/${name}`, headers: {}, body: "{}" });

  test("with an answer that never ends is read for 16 KiB and no more", async () => {
    const answer = await post(to("endless"), { allowsInside: true });
    expect(answer.body.length).toBe(16 * 1024);
  });

  test("that never answers to the end is left after its time", async () => {
    await expect(post(to("slow"), { allowsInside: true, patienceMs: 300 })).rejects.toThrow(
      "No whole answer within 0.3 seconds.",
    );
  });

  test("that points elsewhere is not followed", async () => {
    expect(await post(to("elsewhere"), { allowsInside: true })).toMatchObject({ status: 307 });
    expect(robots.received).toHaveLength(1);
    expect(channelRules.slack.judge({ status: 307, retryAfter: null, body: "" }, clock.now())).toMatchObject({
      sent: false,
      retry: false,
    });
  });

  test("that repeats what it was sent does not bring the robot's secrets into the log", async () => {
    await addChannel("dingtalk", { url: `${robots.url}/echo?access_token=${robotKey}` });
    await addChannel("wecom", { url: `${robots.url}/echo?key=${robotKey}` });
    await tell("Backup");
    await delivery().turn();
    const words = (await answers()).join();
    expect(words).toContain("no such /echo");
    expect(words).not.toContain(robotKey.slice(0, 12));
  });

  test("whose certificate nobody signed is not spoken to, and is tried again", async () => {
    const keys = await loadHubKeys(dataDir, null);
    await using server = await startRobots(clock, { key: keys.keyPem, cert: keys.certPem });
    await addChannel("slack", { url: `${server.url}/slack` });
    await tell("Backup");
    await delivery().turn();
    expect(await states()).toEqual([["waiting", 1]]);
    expect((await answers()).join()).toMatch(/self-signed|unable to verify|altnames/i);
    expect(server.received).toEqual([]);
  });

  test.each([
    ["http://192.0.2.1/", false],
    ["https://127.0.0.1/", false],
    ["https://[::1]/", false],
    ["https://10.1.2.3/", false],
    ["https://localhost/", false],
    ["https://2130706433/", false],
    ["https://169.254.169.254/", true],
    ["https://[::ffff:169.254.169.254]/", true],
    ["https://[fd00:ec2::254]/", true],
    ["https://0.0.0.0/", true],
    ["https://[fe80::1]/", true],
    ["https://[64:ff9b::7f00:1]/", true],
  ])("at %s is not dialled (addresses inside allowed: %s)", async (url, allowsInside) => {
    await expect(post({ url, headers: {}, body: "" }, { allowsInside })).rejects.toThrow(AddressRefused);
  });

  test("at a public address is dialled", () => {
    expect([whyRefused("192.0.2.1", false) === null, whyRefused("8.8.8.8", false), whyRefused("2606:4700::1111", false)]).toEqual(
      [
        false, // kept for documentation
        null,
        null,
      ],
    );
  });
});

test("addresses and secrets are in no table as they are, and go with the vault's new key", async () => {
  const id = await addChannel("dingtalk");
  const dump = JSON.stringify(await sql`select *, encode(secret, 'escape') as text from notice_channels`);
  expect(dump).not.toContain(robotKey);
  expect(dump).not.toContain(robotSecrets.dingtalk);
  const sealed = sealedChannels(database.db, vault);
  vault.addKey();
  expect(await sealed.countBelow(vault.current)).toBe(1);
  expect(await sealed.rewrapSome()).toBe(1);
  expect(await sealed.rewrapSome()).toBe(0);
  vault.removeKeysBelow(vault.current);
  const row = (await database.db.select().from(noticeChannels)).find((one) => one.id === id);
  expect(row === undefined ? null : openTarget(vault, row)).toEqual({
    url: robots.url + pathsOf.dingtalk,
    secret: robotSecrets.dingtalk,
  });
});

test("the tables stay bounded: old notices go, and of too many that wait the oldest are given up", async () => {
  const id = await addChannel("slack");
  await tell("Old");
  const [notice] = await sql<{ id: string }[]>`select id from notices`;
  await sql`insert into notice_deliveries (id, org_id, notice_id, channel_id, state, attempts, created_at)
    select 'dlv_' || lpad(n::text, 8, '0'), ${orgId}, ${notice?.id ?? ""}, ${id}, 'waiting', 0, now() from generate_series(1, ${waitingMax + 4}) n`;
  await removeOldNotices(database.db, clock.now());
  expect(Object.fromEntries(await states())).toEqual({ failed: 5, waiting: waitingMax });
  await removeOldNotices(database.db, new Date(clock.now().getTime() + 91 * 86_400_000));
  expect(await sql`select 1 from notices`).toHaveLength(0);
});
