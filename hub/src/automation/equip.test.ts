// Scripts on neighbours and scripts with secrets, as the hub sees to them: who is offered one, and what is given out for it. The agents are foreign
// clients; with a real agent and a real sshd see agent/src/run/neighbour.test.ts.
import { unseal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { generateKey, readPrivateKey } from "../assets/secret.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent, TestAsks } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Equip = wire.EquipRun.$Properties;
type Run = {
  state: string;
  executions: [{ id: string; reason: string | null; message: string | null; waiting: string | null }];
};

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let zoneId: string;
let agent: TestAgent;
let equipped: { equip: Equip; asks: TestAsks }[] = [];
let meet: (equip: Equip, asks: TestAsks) => Promise<string | null> | string | null = () => null;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  agent = await hub.enrolAgent({
    equip: (equip, asks) => {
      equipped.push({ equip, asks });
      return meet(equip, asks);
    },
  });
});
beforeEach(() => {
  equipped = [];
  meet = () => null;
});
afterAll(() => hub[Symbol.asyncDispose]());

let made = 0;
async function newNeighbour(secret: object, { zone = zoneId, more = {} }: { zone?: string; more?: object } = {}) {
  made += 1;
  const asset = { name: `neighbour ${made}`, zoneId: zone, platform: "linux", address: "192.0.2.9" };
  const { id: assetId } = await admin.mutate<{ id: string }>("assets.create", {
    ...asset,
    protocols: [{ name: "ssh", port: 2_022 }],
  });
  const { id: accountId } = await admin.mutate<{ id: string }>("accounts.create", {
    assetId,
    username: "deploy",
    secret,
    ...more,
  });
  return { assetId, accountId };
}

const start = async (assetIds: string[], more: object = {}, by = admin): Promise<string> =>
  (await by.mutate<{ id: string }>("runs.create", { assetIds, script: "id", interpreter: "sh", account: "deploy", ...more })).id;
const when = (id: string, holds: (run: Run) => boolean) =>
  eventually(() => admin.query<Run>("runs.get", { id }), holds, { what: "the run" });
const finished = (id: string) => when(id, ({ state }) => state === "finished");
const open = ({ value }: wire.SecretVariable.$Properties, executionId: string) =>
  unseal(value ?? {}, agent.sealingKey, { agentId: agent.id, subjectId: executionId }).toString();

test("a script for a neighbour is never offered to an agent that does not know such, whatever it asks for", async () => {
  const zone = (await admin.mutate<{ id: string }>("fleet.createZone", { name: "old" })).id;
  const old = await hub.enrolAgent({ neighbours: () => null });
  await admin.mutate("fleet.moveAgent", { id: old.id, zoneId: zone });
  const { assetId } = await newNeighbour({ kind: "password", password: "p" }, { zone });
  const id = await start([assetId]);
  const from = old.downs.length;
  old.say({ runPull: { max: 8 } });
  old.say({ runPull: { max: 8, neighboursMax: 8 } });
  await eventually(
    () => Promise.resolve(old.downs.slice(from)),
    (downs) => downs.includes("runOffers"),
  );
  expect(old.runs.size).toBe(0);
  expect(old.begun).toEqual([]);
  expect(await admin.query<Run>("runs.get", { id })).toMatchObject({ state: "queued", executions: [{ waiting: "too-old" }] });
  await admin.mutate("runs.stop", { id });
  old.stop();
});

test("an offer names the neighbour and holds no credentials; they come when it may begin, sealed for that execution", async () => {
  const { assetId } = await newNeighbour({ kind: "password", password: "open sesame" });
  const run = await finished(await start([assetId]));
  const [{ id, reason }] = run.executions;
  expect(reason).toBe("finished");
  expect(agent.begun).toContain(id);
  const [one] = equipped;
  expect(one?.equip.ssh).toMatchObject({ host: "192.0.2.9", port: 2_022, username: "deploy" });
  const sealed = one?.equip.ssh?.password ?? {};
  expect(unseal(sealed, agent.sealingKey, { agentId: agent.id, subjectId: id }).toString()).toBe("open sesame");
  expect(() => unseal(sealed, agent.sealingKey, { agentId: agent.id, subjectId: "exe_other" })).toThrow("not sealed to this");
});

test("the hub signs and judges host keys for the order that equips, once, and for a finished execution gives nothing", async () => {
  const { privateKey } = generateKey("test");
  const key = readPrivateKey({ privateKey, passphrase: null });
  const { assetId } = await newNeighbour({ kind: "ssh-key", privateKey });
  const answers: { trusted: boolean; signature: number; again: string; foreign: string }[] = [];
  meet = async (equip, asks) => {
    const data = authRequest("deploy", key.type, Buffer.from(equip.ssh?.publicKey ?? []));
    const trusted = await asks.hostKey(key.publicKey);
    const signed = await asks.sign({ data, algorithm: key.type });
    const again = await asks.sign({ data, algorithm: key.type });
    const foreign = await asks.sign({ data, algorithm: key.type, sequence: asks.sequence + 1_000 });
    answers.push({
      trusted,
      signature: signed.signature?.length ?? 0,
      again: again.refused ?? "",
      foreign: foreign.refused ?? "",
    });
    return null;
  };
  const run = await finished(await start([assetId]));
  expect(answers).toEqual([
    {
      trusted: true,
      signature: 64,
      again: "One signature is given for a connection.",
      foreign: "Nothing waits for this signature.",
    },
  ]);
  agent.say({ runNeeds: { executionId: run.executions[0].id, attempt: 1 } });
  await eventually(
    () => Promise.resolve(agent.lacks),
    (lacks) => lacks.some(({ executionId, final }) => executionId === run.executions[0].id && final === true),
  );
  expect(equipped).toHaveLength(1);
});

test.each([
  ["no account in the vault", async () => (await newNeighbour({ kind: "password", password: "p" })).assetId, "@same-name"],
  [
    "an account behind su",
    async () => {
      const { assetId, accountId } = await newNeighbour({ kind: "password", password: "p" });
      const root = { assetId, username: "root", secret: { kind: "password", password: "q" }, suFromId: accountId };
      await admin.mutate("accounts.create", root);
      return assetId;
    },
    "root",
  ],
] as const)(
  "a neighbour with %s is refused with the reason, and the agent is offered nothing",
  async (_what, prepare, account) => {
    const assetId = await prepare();
    const { me } = await admin.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetId], ["run"], { accounts: ["@all", "@same-name"] });
    const run = await finished(await start([assetId], { account }));
    expect(run.executions[0]).toMatchObject({ reason: "refused", message: expect.stringMatching(/account|su/) });
    expect(equipped).toEqual([]);
  },
);

test("what an agent was offered and never claimed is another one's of the zone, once", async () => {
  const zone = (await admin.mutate<{ id: string }>("fleet.createZone", { name: "two agents" })).id;
  const move = (id: string) => admin.mutate("fleet.moveAgent", { id, zoneId: zone });
  const deaf = await hub.enrolAgent({ equip: () => null, lose: (body) => body === "runOffers" });
  await move(deaf.id);
  const { assetId } = await newNeighbour({ kind: "password", password: "p" }, { zone });
  const id = await start([assetId]);
  await eventually(
    () => Promise.resolve(deaf.downs),
    (downs) => downs.includes("runLook"),
  );
  await when(id, (run) => run.executions[0].waiting === "not-yet");
  deaf.stop();
  const other = await hub.enrolAgent({ equip: () => null });
  await move(other.id);
  clock.advance(16_000); // an offer nobody answers is made again
  const run = await finished(id);
  expect(run.executions[0].reason).toBe("finished");
  expect([deaf.begun, other.begun]).toEqual([[], [run.executions[0].id]]);
});

test("a neighbour that one agent does not reach is another one's of the zone; when none reaches it the last one's words are kept", async () => {
  const zone = (await admin.mutate<{ id: string }>("fleet.createZone", { name: "two ways" })).id;
  const cut = async () => {
    const agent = await hub.enrolAgent({ equip: () => "unreachable" });
    await admin.mutate("fleet.moveAgent", { id: agent.id, zoneId: zone });
    return agent;
  };
  const near = await cut();
  const { assetId } = await newNeighbour({ kind: "password", password: "p" }, { zone });
  const alone = await finished(await start([assetId]));
  expect(alone.executions[0]).toMatchObject({ reason: "unreachable", message: "It did not work." });

  near.stop();
  const pulled: string[] = [];
  const either = (name: string, others: () => string | null) => async () => {
    pulled.push(name);
    return pulled.length === 1 ? "unreachable" : others();
  };
  for (const name of ["one", "two"]) {
    const agent = await hub.enrolAgent({ equip: either(name, () => null) });
    await admin.mutate("fleet.moveAgent", { id: agent.id, zoneId: zone });
  }
  const run = await finished(await start([assetId]));
  expect(run.executions[0]).toMatchObject({ reason: "finished" });
  expect(pulled.toSorted()).toEqual(["one", "two"]);
});

async function scriptWithSecret(): Promise<string> {
  const parameters = [{ name: "TOKEN", label: "Token", type: "secret", required: true }];
  made += 1;
  const script = { name: `with a secret ${made}`, interpreter: "sh", body: "deploy", visibility: "organisation", parameters };
  return (await admin.mutate<{ id: string }>("scripts.create", script)).id;
}
const assetOf = async (host: TestAgent) => (await admin.query<{ assetId: string }>("fleet.agent", { id: host.id })).assetId;

test("a secret parameter comes sealed for one execution and is on record; neither the offer nor the database has it in clear", async () => {
  const { accountId } = await newNeighbour({ kind: "password", password: "planted-hunter2" });
  const parameters = { TOKEN: accountId };
  const id = await start([await assetOf(agent)], {
    script: undefined,
    interpreter: undefined,
    scriptId: await scriptWithSecret(),
    parameters,
    account: "@agent",
  });
  const run = await finished(id);
  expect(run.executions[0].reason).toBe("finished");
  const [variable] = equipped[0]?.equip.secrets ?? [];
  expect(variable?.name).toBe("TOKEN");
  expect(open(variable ?? {}, run.executions[0].id)).toBe("planted-hunter2");
  const { items } = await admin.query<{ items: { data: object }[] }>("audit.list", { kind: "account.secret-used" });
  expect(items).toMatchObject([{ data: { runId: id, executionId: run.executions[0].id, variable: "TOKEN", version: 1 } }]);
  const tables = await hub.sql<
    { name: string }[]
  >`select table_name as name from information_schema.tables where table_schema = 'public'`;
  for (const { name } of tables) {
    const [found] = await hub.sql<
      { rows: number }[]
    >`select count(*)::int as rows from ${hub.sql(name)} as t where t::text like '%planted-hunter2%'`;
    expect([name, found?.rows]).toEqual([name, 0]);
  }
});

test("an agent that only wants the way in, to place files there, is given no secrets", async () => {
  const { accountId } = await newNeighbour({ kind: "password", password: "planted-hunter3" });
  const { promise: later, resolve: goOn } = Promise.withResolvers<null>();
  meet = ({ secrets }) => (secrets?.length ? later : null);
  const written = { script: undefined, interpreter: undefined, scriptId: await scriptWithSecret(), account: "@agent" };
  const id = await start([await assetOf(agent)], { ...written, parameters: { TOKEN: accountId } });
  const [asked] = await eventually(
    async () => equipped,
    (all) => all.length === 1,
    { what: "the secret is given" },
  );
  const executionId = asked?.equip.executionId ?? "";
  agent.say({ runNeeds: { executionId, attempt: 1, wayInOnly: true } });
  const both = await eventually(
    async () => equipped,
    (all) => all.length === 2,
    { what: "the way in is given" },
  );
  expect(both.map(({ equip }) => equip.secrets?.length ?? 0)).toEqual([1, 0]);
  goOn(null);
  await finished(id);
  const used =
    await hub.sql`select count(*)::int as n from audit_events where kind = 'account.secret-used' and subject_id = ${accountId}`;
  expect(used).toEqual([{ n: 1 }]);
});

test("who may not reveal secrets may not start a script with one, and is told so", async () => {
  const { accountId } = await newNeighbour({ kind: "password", password: "p" });
  const assetId = await assetOf(agent);
  const user = await hub.as("user");
  const { me } = await user.query<{ me: { id: string } }>("auth.state");
  await hub.grant(me.id, [assetId], ["run", "connect"]);
  const wish = { assetIds: [assetId], scriptId: await scriptWithSecret(), parameters: { TOKEN: accountId }, account: "@agent" };
  await expect(user.mutate("runs.create", wish)).rejects.toMatchObject({
    code: "forbidden",
    facts: { permission: "secrets.reveal" },
  });
  expect(equipped).toEqual([]);
});

test("a newest version by somebody who may not be shown secrets gets none for others, until it is chosen by its number", async () => {
  const { accountId } = await newNeighbour({ kind: "password", password: "p" });
  const scriptId = await scriptWithSecret();
  const author = await hub.as("user");
  const { me } = await author.query<{ me: { id: string } }>("auth.state");
  await hub.sql`update script_versions set author_id = ${me.id} where script_id = ${scriptId}`;
  const wish = { assetIds: [await assetOf(agent)], scriptId, parameters: { TOKEN: accountId }, account: "@agent" };
  await expect(admin.mutate("runs.create", wish)).rejects.toMatchObject({ code: "forbidden" });
  const { id } = await admin.mutate<{ id: string }>("runs.create", { ...wish, version: 1 });
  expect((await finished(id)).executions[0].reason).toBe("finished");
});

/** What a client signs to be let in (RFC 4252 §7). */
function authRequest(username: string, algorithm: string, publicKey: Buffer): Buffer {
  const text = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const request = [text(username), text("ssh-connection"), text("publickey"), Buffer.from([1]), text(algorithm), text(publicKey)];
  return Buffer.concat([text(Buffer.alloc(32, 7)), Buffer.from([50]), ...request]);
}
