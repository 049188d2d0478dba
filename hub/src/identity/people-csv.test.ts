import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { csvRowsMax, type ImportReport } from "../csv/input.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

const send = (csv: string, apply = true) => admin.mutate<ImportReport>("people.import", { csv, apply });
const people = async () => Number((await hub.sql`select count(*) as n from users`)[0]?.["n"]);
const found = async (email: string) =>
  (await hub.sql`select id, name, username, phone, role, comment, accepted, expires_at from users where email = ${email}`)[0];

test("a file adds people as invited, changes those who are there, and leaves what it does not speak of", async () => {
  await admin.mutate("groups.create", { name: "Night, shift" });
  const csv =
    'name,email,phone,role,expires_at,groups\nZoë,ZOE@example.org,+49 30 1,auditor,2030-06-30,"Night, shift"\nLi,li@example.org,,,,\n';
  expect(await send(csv, false)).toMatchObject({ applied: false, created: 2, errors: [] });
  expect(await found("zoe@example.org")).toBeUndefined();
  expect(await send(csv)).toMatchObject({ applied: true, rows: 2, created: 2, changed: 0, errorsTotal: 0 });
  expect(await found("zoe@example.org")).toMatchObject({ username: "zoe", role: "auditor", phone: "+49 30 1", accepted: false });
  const again = await send("email,name,comment\nzoe@example.org,Zoë Q,moved\nli@example.org,Li,\n");
  expect(again).toMatchObject({ applied: true, created: 0, changed: 1, unchanged: 1 });
  expect(await found("zoe@example.org")).toMatchObject({ name: "Zoë Q", phone: "+49 30 1", comment: "moved" });
  const [event] = await hub.sql`select data from audit_events where kind = 'people.imported' order by seq desc limit 1`;
  expect(JSON.parse(event?.["data"].people)).toMatchObject([{ before: { name: "Zoë", comment: "" }, after: { name: "Zoë Q" } }]);
});

test("one wrong row keeps the whole file out, and each thing that is wrong is named", async () => {
  const { client: stranger } = await adminOfSecondOrganisation(hub);
  const { me } = await stranger.query<{ me: { email: string } }>("auth.state");
  const before = await people();
  const rows = [
    "name,email,username,role,language,expires_at,groups",
    "Good,good@example.org,,,,,",
    ",nobody,9,boss,fr,tomorrow,Unheard of",
    "Twice,good@example.org,,,,,",
    `Admin,${adminCredentials.email},,user,,2030-01-01,`,
    `Other,${me.email},,,,,`,
    "Taken,taken@example.org,admin,,,,",
  ];
  const report = await send(rows.join("\n"));
  expect(report).toMatchObject({ applied: false, errorsTotal: 11 });
  expect(report.errors.map(({ line, field, code }) => `${line} ${field} ${code}`)).toEqual([
    "3 name missing",
    "3 email wrong",
    "3 username wrong",
    "3 language wrong",
    "3 expires_at wrong",
    "3 role unknown",
    "4 email twice",
    "5 role not-yours",
    "5 expires_at not-yours",
    "6 email taken",
    "7 username taken",
  ]);
  for (const { message } of report.errors) expect(message.length).toBeGreaterThan(15);
  expect(await people()).toBe(before);
});

test("what is exported is imported again without a change, formulas in it being text", async () => {
  await send("name,email,comment\n=HYPERLINK(1),formula@example.org,@SUM(A1)\n");
  const text = await (await admin.rest("GET", "/api/v1/people.csv")).text();
  expect(text).toContain("'=HYPERLINK(1)");
  expect(text).not.toMatch(/(^|,)"?[=@]/m);
  const all = Number(
    (
      await hub.sql`select count(*) as n from users where org_id = (select org_id from users where email = ${adminCredentials.email})`
    )[0]?.["n"],
  );
  expect(await send(text)).toMatchObject({ applied: true, created: 0, changed: 0, unchanged: all, errors: [] });
  const bare = await hub.as("user");
  expect((await bare.rest("GET", "/api/v1/people.csv")).status).toBe(403);
});

test("the largest file is written whole; more bytes than that are refused, and from strangers many fewer", async () => {
  const before = await people();
  const rows = Array.from({ length: csvRowsMax }, (_, n) => `Person ${n},many${n}@example.org,,${"x".repeat(300)}`);
  expect(await send(`name,email,username,comment\n${rows.join("\n")}`)).toMatchObject({ applied: true, created: csvRowsMax });
  expect(await people()).toBe(before + csvRowsMax);
  const tooMuch = `name,email\n${"é".repeat(3_000_000)}`;
  expect(await admin.refusal(send(tooMuch))).toBe("too-large");
  const anonymous = await fetch(`${hub.url}/trpc/people.import`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: hub.url },
    body: JSON.stringify({ csv: "x".repeat(2_000_000) }),
  });
  expect([401, 413]).toContain(anonymous.status);
  expect(await anonymous.text()).not.toContain("applied");
}, 60_000);

test("invitations of a file are links where there is no mail server, each for who was added alone", async () => {
  const csv = `name,email\nAdmin,${adminCredentials.email}\nNew,${newId("p")}@example.org\n`;
  const tried = await admin.mutate("people.import", { csv, apply: false, invite: true });
  expect(tried).toMatchObject({ created: 1, invitations: [] });
  const { invitations } = await admin.mutate<{ invitations: { name: string; mailed: boolean; link: string }[] }>(
    "people.import",
    { csv, apply: true, invite: true },
  );
  expect(invitations).toMatchObject([{ name: "New", mailed: false }]);
  const token = new URL(invitations[0]?.link ?? "").searchParams.get("token");
  await TestClient.enter(hub.url, "auth.acceptInvite", { token, name: "New", password: person.password });
  const [event] = await hub.sql`select data from audit_events where kind = 'people.imported' order by seq desc limit 1`;
  expect(event?.["data"]).toMatchObject({ created: 1, invited: 1 });
  expect(JSON.stringify(event)).not.toContain(token);
});
