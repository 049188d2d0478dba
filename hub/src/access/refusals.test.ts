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
