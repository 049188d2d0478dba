// Secrets pass through a hub and stay nowhere: not in a table, not in an audit event, not in a log line.
import { newId } from "@sallyport/protocol/ids";
import { pino } from "pino";
import { expect, test } from "vitest";
import { rawHttp } from "../testing/raw-http.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, TestHub } from "../testing/test-hub.ts";

test("no password, key, token or cookie is found in any table, audit event or log line", async () => {
  const lines: string[] = [];
  const log = pino({ level: "trace", base: null }, { write: (line: string) => void lines.push(line) });
  await using hub = await TestHub.start({}, { log });
  const admin = await hub.asAdmin();
  const planted = new Map<string, string>([["administrator's password", adminCredentials.password]]);
  const plant = <T extends string>(what: string, secret: T): T => {
    expect(secret.length, what).toBeGreaterThan(9);
    planted.set(what, secret);
    return secret;
  };
  const tokenOf = (link: string) => new URL(link).searchParams.get("token") ?? "";

  const email = `${newId("p")}@example.org`;
  const invited = await admin.mutate<{ id: string; link: string }>("people.invite", { email, name: "P", role: "user" });
  const token = plant("invitation", tokenOf(invited.link));
  const first = plant("chosen password", "planted-password-one");
  const client = await TestClient.enter(hub.url, "auth.acceptInvite", { token, name: "P", password: first });
  plant("cookie", (client.headers["cookie"] ?? "").split("=")[1]?.split("%")[0] ?? "");
  await client.mutate("auth.changePassword", { current: first, next: plant("changed password", "planted-password-two") });
  const wrong = plant("wrong password", "planted-wrong-password");
  await new TestClient(hub.url).post("auth.signIn", { email, password: wrong });
  const reset = await admin.mutate<{ link: string }>("people.resetLink", { id: invited.id });
  plant("reset link", tokenOf(reset.link));
  const { key } = await client.mutate<{ key: string }>("keys.create", { name: "k" });
  plant("access key", key);
  await new TestClient(hub.url, { authorization: `Bearer ${key}` }).rest("GET", "/api/v1/assets");
  await new TestClient(hub.url, { authorization: `Bearer ${plant("wrong key", `sp_${"q".repeat(43)}`)}` }).rest(
    "GET",
    "/api/v1/assets",
  );
  const enrolment = await admin.mutate<{ token: string }>("fleet.createEnrolmentToken", {});
  plant("enrolment token", enrolment.token);
  await admin.rest("POST", "/agent/install-progress", { token: enrolment.token });
  await admin.rest("POST", "/agent/enrol", { token: enrolment.token, publicKey: "x" });
  // Things that go wrong are logged; what was sent with them is not.
  const broken = plant("secret in a broken request", "planted-in-broken-request");
  await rawHttp(hub.url, {
    method: "POST",
    path: `/api/v1/runs?x=${broken}`,
    headers: { authorization: `Bearer ${key}` },
    body: `{"${broken}`,
  });
  await rawHttp(hub.url, { path: `//${broken}`, headers: { cookie: `sallyport.session_token=${broken}` } });
  await hub.enrolAgent();

  const tables = await hub.sql<
    { name: string }[]
  >`select table_name as name from information_schema.tables where table_schema = 'public'`;
  const dump: string[] = [];
  for (const { name } of tables) {
    const rows = await hub.sql<{ text: string }[]>`select t::text as text from ${hub.sql(name)} t`;
    dump.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  expect(tables.length).toBeGreaterThan(10);
  const everything = `${dump.join("\n")}\n${lines.join("")}`;
  const found = [...planted].flatMap(([what, secret]) =>
    [secret, Buffer.from(secret).toString("base64").replace(/=+$/, ""), Buffer.from(secret).toString("hex")]
      .filter((form) => everything.includes(form))
      .map((form) => `${what}: ${everything.slice(Math.max(0, everything.indexOf(form) - 60), everything.indexOf(form) + 20)}`),
  );
  expect(found).toEqual([]);
});
