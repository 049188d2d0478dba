// Whose certificate a database server shows: checked where its asset says by whom it must be vouched for, by real servers with real certificates.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificates } from "../testing/certificates.ts";
import { DatabaseRequests, missingDatabases, place } from "../testing/database-requests.ts";
import { eventually } from "../testing/eventually.ts";
import { type DatabaseServer, startMariadb } from "../testing/mariadb-server.ts";
import { startPostgresql } from "../testing/postgresql-server.ts";

const here = [{ type: "ip" as const, value: "127.0.0.1" }];
const day = 86_400_000;
let all: DatabaseRequests;
let right: Awaited<ReturnType<typeof makeCertificates>>;
const withTls: { mariadb?: DatabaseServer; postgresql?: DatabaseServer } = {};

beforeAll(async () => {
  right = await makeCertificates(here);
  if (missingDatabases !== "") return;
  all = await DatabaseRequests.start();
  withTls.mariadb = await startMariadb({ tls: right });
  withTls.postgresql = await startPostgresql({ tls: right });
}, 120_000);
afterAll(async () => {
  if (missingDatabases !== "") return;
  await all[Symbol.asyncDispose]();
  await Promise.all([withTls.mariadb?.[Symbol.asyncDispose](), withTls.postgresql?.[Symbol.asyncDispose]()]);
});

const check = (assetId: string, certificateCheck: object | null) =>
  all.admin.mutate("assets.change", { id: assetId, certificateCheck });
/** By asking for its databases, of which nothing is remembered. Null: it answers. */
async function whyRefused(assetId: string): Promise<unknown> {
  all.clock.advance(10_000);
  const found = await all.admin.query("databases.catalogue", { assetId }).catch((error: unknown) => error);
  return found instanceof Error ? found : null;
}

describe.skipIf(missingDatabases !== "").each(["mariadb", "postgresql"] as const)(`of %s ${missingDatabases}`, (kind) => {
  let server: DatabaseServer;
  let assetId: string;
  beforeAll(async () => {
    const found = withTls[kind];
    if (found === undefined) throw new Error("a server that the test was skipped without");
    server = found;
    assetId = await all.newServer(server, kind);
    server.asRoot("create database shop");
    server.asRoot("create schema if not exists sales; create table sales.orders (id int)", kind === "mariadb" ? "" : "shop");
  });
  const one = kind === "mariadb" ? place("sales", "orders") : place("shop", "orders", ["select"], "sales");

  test("by an authority of the asset, and for its address or the name that is said, it is accepted, and the terminal says so", async () => {
    await check(assetId, { authorities: right.caPem });
    expect(await whyRefused(assetId)).toBeNull();
    const anna = await all.person("anna");
    const { id, login } = await all.given(anna, assetId, [one]);
    const { account } = await anna.client.query<{ account: { accountId: string; checksCertificate: boolean } }>(
      "databases.ofTicket",
      { id },
    );
    expect(account.checksCertificate).toBe(true);
    const terminal = await anna.client.openTerminal(assetId, { account: account.accountId });
    await terminal.until(() => terminal.text.includes("its certificate checked"), "the word about the certificate");
    expect(terminal.text).toContain(login.username);
    const named = await makeCertificates([{ type: "dns", value: "db.example.net" }], { authority: "the next one" });
    await server.show(named);
    await check(assetId, { authorities: `${right.caPem}\n# the next one\n${named.caPem}`, serverName: "db.example.net" });
    expect(await whyRefused(assetId)).toBeNull();
    await check(assetId, { authorities: named.caPem });
    expect(await whyRefused(assetId)).toMatchObject({
      code: "certificate-refused",
      facts: { why: "other-name", name: "127.0.0.1" },
    });
    await server.show(right);
  });

  test("by another authority, or when its time is over, it is refused, and the account waits until it is accepted", async () => {
    const other = await makeCertificates(here);
    await check(assetId, { authorities: other.caPem });
    expect(await whyRefused(assetId)).toMatchObject({ code: "certificate-refused", facts: { why: "not-vouched" } });
    const bert = await all.person("bert");
    const id = await all.ask(bert, assetId, [one]);
    await all.approve(id);
    await all.failure(bert, id, "certificate-refused");
    const old = await makeCertificates(here, { notAfter: new Date(Date.now() - day) });
    await server.show(old);
    await check(assetId, { authorities: old.caPem });
    expect(await whyRefused(assetId)).toMatchObject({ code: "certificate-refused", facts: { why: "expired" } });
    await all.pause(assetId);
    await server.show(right);
    await check(assetId, { authorities: right.caPem });
    await all.standing(bert, id, "ready");
  });

  test("nobody checks where no authority is named, and the terminal says so", async () => {
    await check(assetId, null);
    await server.show(await makeCertificates(here));
    expect(await whyRefused(assetId)).toBeNull();
    const carl = await all.person("carl");
    const { id } = await all.given(carl, assetId, [one]);
    const { account } = await carl.client.query<{ account: { accountId: string; checksCertificate: boolean } }>(
      "databases.ofTicket",
      { id },
    );
    expect(account.checksCertificate).toBe(false);
    const terminal = await carl.client.openTerminal(assetId, { account: account.accountId });
    await terminal.until(() => terminal.text.includes("nobody checks whose certificate"), "the word about the certificate");
    await server.show(right);
  });

  test("a server that offers no TLS is refused where one is named, without hearing who wants in", async () => {
    const bare = all.assets[kind];
    await check(bare, { authorities: right.caPem });
    expect(await whyRefused(bare)).toMatchObject({ code: "certificate-refused", facts: { why: "no-tls" } });
    await check(bare, null);
    expect(await whyRefused(bare)).toBeNull();
  });
});

test.skipIf(missingDatabases !== "")(
  "what is no certificate, or holds a key, is not kept; who an authority is, is on record",
  async () => {
    const { admin } = all;
    const assetId = all.assets.mariadb;
    const refusal = (authorities: string, more: object = {}) => admin.refusal(check(assetId, { authorities, ...more }));
    const broken = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----";
    for (const wrong of [
      "",
      "certificate",
      broken,
      `${right.caPem}\n${right.keyPem}`,
      `${right.caPem}\n`.repeat(11),
      `${right.caPem}${"#".repeat(40_000)}`,
    ])
      expect(await refusal(wrong), wrong.slice(0, 60)).toBe("bad-input");
    expect(await refusal(right.caPem, { serverName: "no name" })).toBe("bad-input");
    const { items: zones } = await admin.query<{ items: { id: string }[] }>("fleet.zones");
    const { id: host } = await admin.mutate<{ id: string }>("assets.create", {
      name: "no database",
      zoneId: zones[0]?.id,
      platform: "linux",
      address: "192.0.2.7",
    });
    expect(await admin.refusal(check(host, { authorities: right.caPem }))).toBe("bad-input");
    const { client } = await all.person("nobody");
    expect(await client.refusal(client.mutate("assets.change", { id: assetId, certificateCheck: null }))).toBe("forbidden");
    await check(assetId, { authorities: right.caPem, serverName: "db.example.net" });
    expect(await admin.query("assets.get", { id: assetId })).toMatchObject({
      certificateCheck: { authorities: [{ subject: "CN=test authority" }], serverName: "db.example.net" },
    });
    const [event] = await eventually(
      () => all.hub.sql<{ data: { before: string; after: string } }[]>`select data from audit_events
      where kind = 'asset.changed' and subject_id = ${assetId} order by seq desc limit 1`,
      (rows) => rows.length === 1,
    );
    expect(event?.data.after).toContain("CN=test authority");
    expect(event?.data.after).not.toContain("BEGIN CERTIFICATE");
    await check(assetId, null);
  },
);
