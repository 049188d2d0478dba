// Scripts that people approve: just that runs, as often as was approved, and what agents are given proves it.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { approvalChallenge, readApproval, scriptInputsHash, targetHash } from "@sallyport/protocol/approvals";
import type { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { softwarePasskey } from "../testing/authenticator.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string };
type Ticket = {
  state: string;
  may: { run: boolean };
  script: { left: number; runs: { id: string }[]; script: { body: string }; notBegun: { code: string } | null };
};
type Run = { state: string; trigger: string; executions: { reason: string | null; message: string | null }[] };

const clock = new TestClock();
const hourMs = 3_600_000;
let hub: TestHub;
let admin: TestClient;
let asker: Person;
let helper: Person;
let agent: TestAgent;
let old: TestAgent;
let strict: TestAgent;
let assetId: string;
let oldAssetId: string;
let strictAssetId: string;
/** What agents were given. */
const given: wire.RunScript[] = [];

const person = async (name: string): Promise<Person> => {
  const client = await hub.as("user", name);
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id };
};
const assetOf = async ({ id }: TestAgent) => (await admin.query<{ assetId: string }>("fleet.agent", { id })).assetId;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  [asker, helper] = [await person("asker"), await person("helper")];
  const script = (order: wire.RunScript) => {
    given.push(order);
    return { exitCode: 0 };
  };
  agent = await hub.enrolAgent({ script, approvals: "any" });
  old = await hub.enrolAgent({ script });
  strict = await hub.enrolAgent({ script, approvals: "only" });
  [assetId, oldAssetId, strictAssetId] = [await assetOf(agent), await assetOf(old), await assetOf(strict)];
  await admin.mutate("tickets.createFlow", {
    name: "scripts",
    match: { kinds: ["script"], targets: [{ kind: "all", id: "" }] },
    levels: [{ approvers: [{ kind: "role", id: "admin" }], need: { kind: "any" } }],
  });
});
afterAll(() => hub[Symbol.asyncDispose]());

test("people who look at the fleet see on which hosts only approved scripts run", async () => {
  const said = async ({ id }: TestAgent) =>
    (await admin.query<{ approvedOnly: boolean | null }>("fleet.agent", { id })).approvedOnly;
  expect([await said(strict), await said(agent), await said(old)]).toEqual([true, false, false]);
});

const orderKey = () => createPublicKey(readFileSync(path.join(hub.dataDir, "keys", "order-key.pem")));

let made = 0;
const newScript = async (body = "df -h", more: object = {}) => {
  made += 1;
  const fields = { name: `script ${made}`, body, interpreter: "sh", visibility: "organisation", ...more };
  return (await admin.mutate<{ id: string }>("scripts.create", fields)).id;
};
const wish = (scriptId: string, more: object = {}) => ({
  kind: "script",
  assetIds: [assetId],
  scriptId,
  version: 1,
  minutes: 60,
  ...more,
});
const ask = async (asked: object, by = asker) =>
  (await by.client.mutate<{ id: string }>("tickets.open", { title: "tidy up", reason: "the disk is full", asked })).id;
const approve = (id: string, more: object = {}) => admin.mutate("tickets.decide", { id, decision: "approve", ...more });
const approved = async (asked: object) => {
  const id = await ask(asked);
  await approve(id);
  return id;
};
const run = async (id: string, by = asker, more: object = {}) =>
  (await by.client.mutate<{ id: string }>("tickets.run", { id, ...more })).id;
const read = (id: string, by: TestClient = asker.client) => by.query<Ticket>("tickets.get", { id });
const finished = (id: string, by: TestClient = admin) =>
  eventually(
    () => by.query<Run>("runs.get", { id }),
    ({ state }) => state === "finished",
    { what: "the run" },
  );

describe("an approved script", () => {
  test("runs by whoever asked, as often as was approved, and gives no other right", async () => {
    const scriptId = await newScript("echo $1", {
      parameters: [{ name: "WHAT", label: "What", type: "string", as: "argument" }],
    });
    const id = await ask(wish(scriptId, { parameters: { WHAT: "logs" }, runs: 2 }));
    expect(await read(id, admin)).toMatchObject({ script: { script: { body: "echo $1", arguments: ["logs"] }, left: 2 } });
    expect(await asker.client.refusal(run(id))).toBe("ticket-state");
    await approve(id);
    expect(await read(id)).toMatchObject({ state: "approved", may: { run: true } });

    const first = await run(id);
    expect(await finished(first)).toMatchObject({ trigger: "ticket", executions: [{ reason: "finished" }] });
    expect(Buffer.from(given.at(-1)?.script ?? "").toString()).toBe("echo $1");
    expect(given.at(-1)?.arguments).toEqual(["logs"]);

    // Neither the same by hand, nor something else, nor a terminal, nor the sight of the asset.
    const byHand = { assetIds: [assetId], scriptId, parameters: { WHAT: "logs" } };
    const written = { assetIds: [assetId], script: "echo $1", interpreter: "sh", args: ["logs"] };
    for (const other of [byHand, written])
      expect(await asker.client.refusal(asker.client.mutate("runs.create", other))).toMatch(/no-grant|not-found/);
    expect(await asker.client.refusal(asker.client.mutate("runs.again", { id: first, which: "alike" }))).not.toBeNull();
    expect((await asker.client.openTerminal(assetId)).find("error")?.["code"]).toBe("not-found");
    expect(await asker.client.query("assets.list", {})).toMatchObject({ items: [] });

    await finished(await run(id));
    expect(await asker.client.refusal(run(id))).toBe("approval-over");
    expect(await read(id)).toMatchObject({ may: { run: false }, script: { left: 0, runs: [{}, {}] } });
  });

  test("of a hundred at the same moment runs as often as was approved", async () => {
    const id = await approved(wish(await newScript(), { runs: 3 }));
    const tries = await Promise.all(
      Array.from({ length: 100 }, () =>
        run(id).then(
          () => "begun",
          () => "refused",
        ),
      ),
    );
    expect(tries.filter((one) => one === "begun")).toHaveLength(3);
  });

  test("carries what agents check: the hub's signature over script, inputs, place, time and number", async () => {
    const scriptId = await newScript("uptime");
    const id = await approved(wish(scriptId, { runs: 2, timeoutSeconds: 90 }));
    await finished(await run(id));
    const order = given.at(-1);
    const hubKey = orderKey();
    const approval = readApproval(order?.approval ?? {}, hubKey);
    expect(approval).toMatchObject({ ticketId: id, runsMax: 2, scriptSha256: order?.scriptSha256, votes: [{}] });
    const inputs = {
      interpreter: "sh",
      arguments: [],
      environment: {},
      secrets: [],
      files: [],
      artefacts: [],
      timeoutSeconds: 90,
    };
    expect(Buffer.from(approval?.inputsSha256 ?? []).equals(scriptInputsHash(inputs))).toBe(true);
    expect(approval?.targets.map((one) => Buffer.from(one).toString("hex"))).toEqual([
      targetHash(agent.id, null).toString("hex"),
    ]);
    expect((approval?.notAfterMs ?? 0) - (approval?.notBeforeMs ?? 0)).toBe(hourMs);
  });

  test("is run by whom the request names, on fewer assets if he likes, by nobody else, and not out of its time", async () => {
    const id = await approved(wish(await newScript(), { runBy: helper.id, runs: 9, assetIds: [assetId, strictAssetId] }));
    await finished(await run(id, helper, { assetIds: [strictAssetId] }));
    expect(given.at(-1)?.person).toBe("helper");
    expect(await admin.refusal(admin.mutate("tickets.run", { id }))).toBe("forbidden");
    expect(await helper.client.refusal(run(id, helper, { assetIds: [oldAssetId] }))).toMatch(/not-found|no-grant/);
    clock.advance(hourMs + 1_000);
    expect(await asker.client.refusal(run(id))).toMatch(/ticket-state|not-found|no-grant/);

    const startsAt = new Date(clock.now().getTime() + hourMs).toISOString();
    const later = await approved(wish(await newScript(), { startsAt }));
    expect(await asker.client.refusal(run(later))).toBe("no-grant");
    clock.advance(hourMs + 1_000);
    await finished(await run(later));
  });

  test("begins by itself when its time comes, if it was asked for so, once", async () => {
    const startsAt = new Date(clock.now().getTime() + hourMs).toISOString();
    const id = await approved(wish(await newScript("by itself"), { startsAt, automatic: true, runs: 5 }));
    clock.advance(hourMs + 1_000);
    const ticket = await eventually(
      () => read(id),
      ({ script }) => script.runs.length > 0,
      { what: "its run" },
    );
    await finished(ticket.script.runs[0]?.id ?? "");
    expect(await read(id)).toMatchObject({ script: { left: 4 } });
  });

  test("that cannot begin by itself says why, to whoever asked and whoever approved it, and on its page", async () => {
    const startsAt = new Date(clock.now().getTime() + hourMs).toISOString();
    const id = await approved(wish(await newScript("too late"), { startsAt, automatic: true }));
    await admin.mutate("assets.change", { id: assetId, active: false });
    clock.advance(hourMs + 1_000);
    const ticket = await eventually(
      () => read(id),
      ({ script }) => script.notBegun !== null,
      { what: "the reason" },
    );
    expect(ticket).toMatchObject({ state: "approved", script: { left: 1, runs: [], notBegun: { code: expect.any(String) } } });
    const told = async (who: TestClient) =>
      (
        await who.query<{ items: { kind: string; path: string; text: string }[] }>("notices.inbox", { language: "en" })
      ).items.filter((notice) => notice.kind === "ticket.not-begun" && notice.path.includes(id));
    expect(await Promise.all([told(asker.client), told(admin)])).toEqual([[expect.anything()], [expect.anything()]]);
    expect(await told(helper.client)).toEqual([]);
    await admin.mutate("assets.change", { id: assetId, active: true });
    await finished(await run(id));
  });

  test("runs no more when what it gave is taken away", async () => {
    const id = await approved(wish(await newScript()));
    await admin.mutate("tickets.end", { id, reason: "enough" });
    expect(await asker.client.refusal(run(id))).toBe("ticket-state");
    const other = await approved(wish(await newScript()));
    const [grant] = await hub.sql<{ id: string }[]>`select id from grants where ticket_id = ${other}`;
    await admin.mutate("access.revoke", { id: grant?.id, reason: "enough" });
    expect(await asker.client.refusal(run(other))).toMatch(/not-found|no-grant|ticket-state/);
  });

  test("is narrowed by whoever approves it and widened by nobody", async () => {
    const scriptId = await newScript("a");
    const asked = wish(scriptId, { assetIds: [assetId, strictAssetId], runs: 5 });
    const id = await ask(asked);
    for (const wider of [
      { runs: 6 },
      { assetIds: [assetId, oldAssetId] },
      { version: 2 },
      { scriptId: "scr_other" },
      { parameters: { A: "b" } },
      { account: "root" },
      { timeoutSeconds: 4_000 },
      { runBy: helper.id },
      { automatic: true },
      { minutes: 61 },
    ])
      expect(await admin.refusal(approve(id, { narrowed: { ...asked, ...wider } })), JSON.stringify(wider)).toBe(
        "wider-than-asked",
      );
    await approve(id, { narrowed: { ...asked, assetIds: [assetId], runs: 1, minutes: 5 } });
    await finished(await run(id));
    expect(await asker.client.refusal(run(id))).toBe("approval-over");
  });

  test("is asked for only where it could run, by who may see it, with what its parameters are", async () => {
    const secret = await newScript("private", { visibility: "private" });
    for (const [asked, code] of [
      [wish(secret), "not-found"],
      [wish(await newScript(), { version: 7 }), "not-found"],
      [wish(await newScript(), { parameters: { NONE: "x" } }), "bad-parameter"],
    ] as const)
      expect(await asker.client.refusal(ask(asked))).toBe(code);
  });
});

describe("an agent", () => {
  test("that checks no approvals is given no script that needs one, and the run says so", async () => {
    const id = await approved(wish(await newScript(), { assetIds: [oldAssetId] }));
    const before = given.length;
    expect(await finished(await run(id))).toMatchObject({
      executions: [{ reason: "refused", message: expect.stringContaining("too old") }],
    });
    expect(given).toHaveLength(before);
  });

  test("whose owner lets scripts run only with an approval is given no others, whoever may run there", async () => {
    const before = given.length;
    const body = { assetIds: [strictAssetId], script: "id", interpreter: "sh" };
    await hub.grant((await admin.query<{ me: { id: string } }>("auth.state")).me.id, [strictAssetId], ["run"]);
    const { id } = await admin.mutate<{ id: string }>("runs.create", body);
    expect(await finished(id)).toMatchObject({ executions: [{ reason: "approval-missing" }] });
    expect(given).toHaveLength(before);
    await finished(await run(await approved(wish(await newScript(), { assetIds: [strictAssetId] }))));
    expect(given).toHaveLength(before + 1);
  });
});

describe("an asset that is critical", () => {
  test("runs scripts only as they were approved, whatever grants say, and that is on record", async () => {
    await hub.grant(asker.id, [assetId], ["connect", "run"]);
    const body = { assetIds: [assetId], script: "id", interpreter: "sh" };
    await finished((await asker.client.mutate<{ id: string }>("runs.create", body)).id, asker.client);
    await admin.mutate("assets.change", { id: assetId, critical: true });
    expect(await asker.client.refusal(asker.client.mutate("runs.create", body))).toBe("no-grant");
    expect((await asker.client.openTerminal(assetId)).find("opened")).toBeDefined(); // of scripts alone
    await finished(await run(await approved(wish(await newScript()))));
    const [event] = await hub.sql<{ data: { after: string } }[]>`
      select data from audit_events where kind = 'asset.changed' and subject_id = ${assetId} order by seq desc limit 1`;
    expect(event?.data.after).toContain("critical");
    await admin.mutate("assets.change", { id: assetId, critical: false });
  });
});

describe("a passkey of whoever approves", () => {
  type Proposed = { approval: string; options: { challenge: string } } | null;
  const propose = (id: string, more: object = {}) => admin.mutate<Proposed>("tickets.proposeApproval", { id, ...more });

  test("signs just what agents check, where an asset asks for it, and nothing else passes for it", async () => {
    await admin.mutate("assets.change", { id: assetId, critical: true, signedApprovals: true });
    const scriptId = await newScript();
    const id = await ask(wish(scriptId, { runs: 3 }));
    expect(await read(id, admin)).toMatchObject({ script: { signature: true } });
    expect(await admin.refusal(approve(id))).toBe("passkey-needed");
    expect(await admin.refusal(propose(id))).toBe("passkey-needed"); // has none
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    const device = softwarePasskey(hub.url);
    await admin.mutate("passkeys.finish", { name: "mine", response: device.make(await admin.mutate("passkeys.begin")) });
    expect(await admin.query("passkeys.list")).toMatchObject({ items: [{ publicKey: device.publicKey.toString("base64") }] });

    const proposed = await propose(id);
    if (proposed === null) throw new Error("it is the last approval");
    const { approval, options } = proposed;
    expect(options.challenge).toBe(approvalChallenge(Buffer.from(approval, "base64")).toString("base64url"));
    const other = await propose(await ask(wish(scriptId)));
    const altered = Buffer.from(approval, "base64");
    altered[altered.length - 20] = (altered.at(-20) ?? 0) ^ 1;
    for (const [signed, code] of [
      [{ approval, answer: device.answer({ challenge: other?.options.challenge ?? "" }) }, "bad-passkey"],
      [{ approval: other?.approval, answer: device.answer(options) }, "conflict"],
      [{ approval: altered.toString("base64"), answer: device.answer(options) }, "conflict"],
      [{ approval, answer: softwarePasskey(hub.url).answer(options) }, "bad-passkey"],
      [{ approval, answer: softwarePasskey("http://evil.example.org").answer(options) }, "bad-passkey"],
    ] as const)
      expect(await admin.refusal(approve(id, { signed }))).toBe(code);
    const narrowed = wish(scriptId, { runs: 1 });
    expect(await admin.refusal(approve(id, { narrowed, signed: { approval, answer: device.answer(options) } }))).toBe("conflict");

    await approve(id, { signed: { approval, answer: device.answer(options) } });
    await finished(await run(id));
    const carried = given.at(-1)?.approval;
    expect(Buffer.from(carried?.approval ?? []).toString("base64")).toBe(approval);
    const [signature] = carried?.passkeys ?? [];
    const signedBytes = Buffer.concat([
      Buffer.from(signature?.authenticatorData ?? []),
      createHash("sha256")
        .update(signature?.clientData ?? "")
        .digest(),
    ]);
    const key = createPublicKey({ key: device.publicKey, format: "der", type: "spki" });
    expect(verify("sha256", signedBytes, key, signature?.signature ?? Buffer.alloc(0))).toBe(true);
    await admin.mutate("assets.change", { id: assetId, critical: false, signedApprovals: false });
  });

  test("is asked for by the last approval alone, and too late when five minutes have gone", async () => {
    const [asset] = [strictAssetId];
    const boss = await person("boss");
    const level = { approvers: [{ kind: "user", id: boss.id }], need: { kind: "any" } };
    const last = { approvers: [{ kind: "role", id: "admin" }], need: { kind: "any" } };
    const match = { kinds: ["script"], targets: [{ kind: "asset", id: asset }] };
    await admin.mutate("tickets.createFlow", { name: "two", match, levels: [level, last], position: 0 });
    await admin.mutate("assets.change", { id: asset, signedApprovals: true });
    const flows = await admin.query<{ items: { id: string; name: string; match: object; levels: object[] }[] }>("tickets.flows");
    const all = flows.items.find(({ name }) => name === "scripts");
    await admin.mutate("tickets.changeFlow", { ...all, position: 9 });
    const id = await ask(wish(await newScript(), { assetIds: [asset] }));
    expect(await boss.client.mutate("tickets.proposeApproval", { id })).toBeNull();
    await boss.client.mutate("tickets.decide", { id, decision: "approve" });
    const device = softwarePasskey(hub.url);
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    await admin.mutate("passkeys.finish", { name: "second", response: device.make(await admin.mutate("passkeys.begin")) });
    const signed = async () => {
      const proposed = await propose(id);
      return { approval: proposed?.approval, answer: device.answer(proposed?.options ?? { challenge: "" }) };
    };
    const late = await signed();
    clock.advance(5 * 60_000 + 1_000);
    expect(await admin.refusal(approve(id, { signed: late }))).toBe("conflict");
    await approve(id, { signed: await signed() });
    expect(await read(id)).toMatchObject({ state: "approved" });
    await admin.mutate("assets.change", { id: asset, signedApprovals: false });
  });
});

describe("whoever holds the database", () => {
  test("makes no approval fit: what agents are given under it stays what the hub signed, and the hub itself sees that it differs", async () => {
    const scriptId = await newScript("harmless");
    const id = await approved(wish(scriptId, { runs: 2 }));
    const hubKey = orderKey();
    await hub.sql`update script_versions set body = 'rm -rf /' where script_id = ${scriptId}`;
    expect(await asker.client.refusal(run(id))).toBe("approval-does-not-fit");
    // And with the digests changed as well, so that the hub is deceived: what is signed is still what was approved.
    await hub.sql`update script_versions set body = 'harmless' where script_id = ${scriptId}`;
    const runId = await run(id);
    await finished(runId);
    const approval = readApproval(given.at(-1)?.approval ?? {}, hubKey);
    await hub.sql`update tickets set asked = jsonb_set(asked, '{runs}', '99') where id = ${id}`;
    await finished(await run(id));
    expect(readApproval(given.at(-1)?.approval ?? {}, hubKey)).toEqual(approval);
    expect(approval?.runsMax).toBe(2);
  });
});
