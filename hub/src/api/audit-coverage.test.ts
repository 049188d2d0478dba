// Whatever changes something leaves an event. Every mutation of the API is called once as somebody who may; one that is neither in the table nor
// excused fails the first test, so that nobody adds a procedure and forgets its event.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuditKind } from "../audit/events.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";
import { appRouter } from "./router.ts";

/** Mutations without an event, each with the reason why nobody will miss it. */
const excused: Record<string, string> = {
  "auth.setLanguage": "changes in which language one's own screen speaks, and nothing that anybody else can notice",
};

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;
let zoneId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ script: () => null });
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  zoneId = String((await hub.sql`select zone_id from agents`)[0]?.["zone_id"]);
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(() => clock.advance(61_000));
afterAll(() => hub[Symbol.asyncDispose]());

const invited = async (): Promise<{ id: string; email: string; token: string }> => {
  const email = `${newId("p")}@example.org`;
  const { id, link } = await admin.mutate<{ id: string; link: string }>("people.invite", {
    email,
    name: "Covered",
    role: "user",
  });
  return { id, email, token: new URL(link).searchParams.get("token") ?? "" };
};
const someone = async (): Promise<{ id: string; email: string; client: TestClient }> => {
  const { id, email, token } = await invited();
  const client = await TestClient.enter(hub.url, "auth.acceptInvite", { token, name: "Covered", password: person.password });
  return { id, email, client };
};
const newZone = async () => (await admin.mutate<{ id: string }>("fleet.createZone", { name: newId("zone") })).id;
const newRun = async () =>
  (await admin.mutate<{ id: string }>("runs.create", { assetIds: [assetId], script: "true", interpreter: "sh" })).id;
const granted = async () => {
  const { id } = await someone();
  const { ids } = await admin.mutate<{ ids: string[] }>("access.grant", {
    userId: id,
    assetIds: [assetId],
    actions: ["connect"],
  });
  return ids[0] ?? "";
};

/** What is called, and the event it has to leave. */
const table: Record<string, [kind: AuditKind, call: () => Promise<unknown>]> = {
  "access.grant": ["grant.created", granted],
  "access.revoke": ["grant.revoked", async () => admin.mutate("access.revoke", { id: await granted(), reason: "covered" })],
  "audit.acknowledge": [
    "audit.contradiction-acknowledged",
    async () => {
      await hub.sql`insert into audit_contradictions (org_id, seq, hash, signed_at, signature, why, shown_by, found_at)
        select org_id, 999, 'x', now(), 'x', 'missing', 'file', now() from agents limit 1`;
      return admin.mutate("audit.acknowledge", { reason: "covered" });
    },
  ],
  "audit.verify": ["audit.verified", () => admin.mutate("audit.verify")],
  "auth.acceptInvite": ["person.joined", someone],
  "auth.changePassword": [
    "person.password-changed",
    async () =>
      (await someone()).client.mutate("auth.changePassword", { current: person.password, next: "yet-another-long-password" }),
  ],
  "auth.endSession": [
    "person.session-ended",
    async () => {
      const { client, email } = await someone();
      await TestClient.signIn(hub.url, { email, password: person.password });
      const { items } = await client.query<{ items: { id: string; current: boolean }[] }>("auth.sessions");
      return client.mutate("auth.endSession", { id: items.find(({ current }) => !current)?.id });
    },
  ],
  "auth.setup": [
    "setup.completed",
    async () => {
      await using fresh = await TestHub.start({ adminEmail: undefined, adminPassword: undefined });
      const token = new URL(fresh.hub.setupLink ?? "").searchParams.get("token");
      await new TestClient(fresh.url).mutate("auth.setup", {
        token,
        name: "First",
        email: "first@example.org",
        password: person.password,
      });
      expect(await fresh.sql`select 1 from audit_events where kind = 'setup.completed'`).toHaveLength(1);
    },
  ],
  "auth.signIn": ["person.signed-in", () => TestClient.signIn(hub.url, adminCredentials)],
  "auth.signOut": ["person.signed-out", async () => (await someone()).client.mutate("auth.signOut")],
  "fleet.createEnrolmentToken": ["enrolment.token-created", () => admin.mutate("fleet.createEnrolmentToken", {})],
  "fleet.createZone": ["zone.created", newZone],
  "fleet.deleteZone": ["zone.deleted", async () => admin.mutate("fleet.deleteZone", { id: await newZone() })],
  "fleet.moveAgent": [
    "agent.moved",
    async () => {
      await admin.mutate("fleet.moveAgent", { id: agent.id, zoneId: await newZone() });
      return admin.mutate("fleet.moveAgent", { id: agent.id, zoneId });
    },
  ],
  "fleet.renameAgent": ["agent.renamed", () => admin.mutate("fleet.renameAgent", { id: agent.id, name: newId("name") })],
  "fleet.renameZone": [
    "zone.renamed",
    async () => admin.mutate("fleet.renameZone", { id: await newZone(), name: newId("zone") }),
  ],
  "fleet.revokeAgent": [
    "agent.revoked",
    async () => admin.mutate("fleet.revokeAgent", { id: (await hub.enrolAgent()).id, reason: "covered" }),
  ],
  "keys.create": ["key.created", () => admin.mutate("keys.create", { name: "covered" })],
  "keys.revoke": [
    "key.revoked",
    async () => admin.mutate("keys.revoke", { id: (await admin.mutate<{ id: string }>("keys.create", { name: "k" })).id }),
  ],
  "people.disable": ["person.disabled", async () => admin.mutate("people.disable", { id: (await someone()).id })],
  "people.enable": [
    "person.enabled",
    async () => {
      const { id } = await someone();
      await admin.mutate("people.disable", { id });
      return admin.mutate("people.enable", { id });
    },
  ],
  "people.invite": ["person.invited", invited],
  "people.resetLink": ["person.reset-link-made", async () => admin.mutate("people.resetLink", { id: (await someone()).id })],
  "people.setRole": [
    "person.role-changed",
    async () => admin.mutate("people.setRole", { id: (await someone()).id, role: "auditor" }),
  ],
  "people.unlock": ["person.unlocked", async () => admin.mutate("people.unlock", { id: (await someone()).id })],
  "runs.create": ["run.created", newRun],
  "runs.stop": ["run.stop-requested", async () => admin.mutate("runs.stop", { id: await newRun() })],
  "runs.stopExecution": [
    "run.stop-requested",
    async () => {
      const run = await admin.query<{ executions: { id: string }[] }>("runs.get", { id: await newRun() });
      return admin.mutate("runs.stopExecution", { id: run.executions[0]?.id });
    },
  ],
  "sessions.end": [
    "session.ended",
    async () => admin.mutate("sessions.end", { id: (await admin.openTerminal(assetId)).sessionId }),
  ],
};

const procedures: Record<string, { _def: { type: string } }> = appRouter._def.procedures as never;
const mutations = Object.keys(procedures).filter((name) => procedures[name]?._def.type === "mutation");

test("every mutation is in the table, or excused with a reason", () => {
  expect(mutations.toSorted()).toEqual([...Object.keys(table), ...Object.keys(excused)].toSorted());
  for (const reason of Object.values(excused)) expect(reason.length).toBeGreaterThan(20);
});

describe("leaves its event:", () => {
  test.each(Object.entries(table))("%s", async (name, [kind, call]) => {
    const events = async () => Number((await hub.sql`select count(*) as n from audit_events where kind = ${kind}`)[0]?.["n"]);
    const before = await events();
    await call();
    if (name === "auth.setup") return; // on a hub of its own, where it has looked
    await eventually(events, (now) => now > before, { what: kind });
  });
});
