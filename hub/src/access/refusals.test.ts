// What a person without a grant gets: a refusal that is on record, and a home page of his own.
import { expect, test } from "vitest";
import { TestHub } from "../testing/test-hub.ts";

test("a refused terminal is on record, and the person learns nothing by it", async () => {
  await using hub = await TestHub.start();
  const admin = await hub.asAdmin();
  await hub.enrolAgent({ hostname: "secret-host" });
  const { items } = await admin.query<{ items: { id: string }[] }>("assets.list", {});
  const assetId = items[0]?.id ?? "";
  const person = await hub.as("user");
  const terminal = await person.openTerminal(assetId);
  expect(terminal.find("error")).toMatchObject({ code: "not-found" });
  const events = await admin.query<{ items: object[] }>("audit.list", { kind: "access.refused" });
  expect(events.items).toMatchObject([
    { subject: { kind: "asset", id: assetId, name: "secret-host" }, data: { action: "connect", code: "not-found" } },
  ]);
});

test("the home page of a person counts what is his, not what the organisation has", async () => {
  await using hub = await TestHub.start();
  const admin = await hub.asAdmin();
  await hub.enrolAgent();
  const { items } = await admin.query<{ items: { id: string }[] }>("assets.list", {});
  await admin.openTerminal(items[0]?.id ?? "");
  const person = await hub.as("user");
  expect(await person.query("home.summary")).toMatchObject({
    assets: 0,
    agents: { total: 0 },
    liveSessions: 0,
    runsToday: 0,
    recentAssets: [],
    fleetHistory: [],
  });
  expect(await admin.query("home.summary")).toMatchObject({ assets: 1, agents: { total: 1, online: 1 }, liveSessions: 1 });
});

test("among a thousand grants on one asset a decision takes no longer, also before the database has counted its rows", {
  retry: 2,
}, async () => {
  await using hub = await TestHub.start();
  const admin = await hub.asAdmin();
  const agent = await hub.enrolAgent();
  const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id });
  const person = await hub.as("user");
  const { me } = await person.query<{ me: { id: string } }>("auth.state");
  await hub.grant(me.id, [assetId], ["connect"]);
  await hub.sql`insert into grants (id, org_id, name, accounts, protocols, addresses, actions, created_by, created_at, updated_at)
    select 'grt_many_' || n, g.org_id, 'many', g.accounts, g.protocols, g.addresses, g.actions, g.created_by, now(), now()
    from grants g, generate_series(1, 1000) n where exists (select 1 from grant_subjects s where s.grant_id = g.id and s.subject_id = ${me.id})`;
  await hub.sql`insert into grant_subjects (grant_id, kind, subject_id) select id, 'user', 'usr_other_' || id from grants where name = 'many'`;
  await hub.sql`insert into grant_targets (grant_id, kind, target_id) select id, 'asset', ${assetId} from grants where name = 'many'`;
  const from = performance.now();
  const terminal = await person.openTerminal(assetId);
  expect(terminal.find("opened")).toBeDefined();
  expect(performance.now() - from).toBeLessThan(1_500);
});
