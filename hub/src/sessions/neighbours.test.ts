// Terminals on neighbours, as the hub sees to them: which agent is asked, what it is given, and what the hub signs and trusts. The agents are
// foreign clients; with a real agent and a real sshd see scripts/e2e/neighbours.test.ts.
import { verify as verifySignature } from "node:crypto";
import { unseal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import ssh2 from "ssh2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { generateKey, readPrivateKey } from "../assets/secret.ts";
import type { TestAgent, TestAgentOptions, TestAsks } from "../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Meeting = (order: wire.OpenShell.$Properties, asks: TestAsks) => Promise<string | null> | string | null;

let hub: TestHub;
let admin: TestClient;
let zoneId: string;
let first: TestAgent;
let second: TestAgent;
/** What every agent does with an order, and who was asked, in order. */
let meet: Meeting = () => null;
let asked: { agent: TestAgent; order: wire.OpenShell.$Properties }[] = [];

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  first = await enrol(hub);
  second = await enrol(hub);
});
beforeEach(() => {
  meet = () => null;
  asked = [];
});
afterAll(() => hub[Symbol.asyncDispose]());

async function enrol(where: TestHub, more: TestAgentOptions = {}): Promise<TestAgent> {
  const options: TestAgentOptions = {
    ...more,
    neighbours: (order, asks) => {
      asked.push({ agent, order });
      return meet(order, asks);
    },
  };
  const agent = await where.enrolAgent(options);
  return agent;
}

let assetsMade = 0;
async function newAsset(by: TestClient, zone: string, more: object = {}): Promise<string> {
  assetsMade += 1;
  const { id } = await by.mutate<{ id: string }>("assets.create", {
    name: `neighbour ${assetsMade}`,
    zoneId: zone,
    platform: "linux",
    address: "192.0.2.9",
    protocols: [{ name: "ssh", port: 2_022 }],
    ...more,
  });
  return id;
}
async function newAccount(assetId: string, username: string, secret: object, more: object = {}): Promise<string> {
  return (await admin.mutate<{ id: string }>("accounts.create", { assetId, username, secret, ...more })).id;
}
const password = (text: string) => ({ kind: "password", password: text });

const codeOf = (terminal: TestTerminal): string => String(terminal.find("error")?.["code"] ?? "opened");
const secretFor = ({ agent, order }: (typeof asked)[number], sealed: wire.SealedSecret.$Properties | null | undefined) =>
  unseal(sealed ?? {}, agent.sealingKey, { agentId: agent.id, subjectId: order.sessionId ?? "" }).toString();

describe("an agent that is asked to reach a neighbour", () => {
  test("gets the account's password sealed to it and to this session, and nobody else can open it", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("open sesame"));
    const terminal = await admin.openTerminal(assetId, { account });
    expect(codeOf(terminal)).toBe("opened");
    const [one] = asked;
    if (one === undefined) throw new Error("nobody was asked");
    expect(one.order.ssh).toMatchObject({ host: "192.0.2.9", port: 2_022, username: "deploy", legacyAlgorithms: false });
    expect(secretFor(one, one.order.ssh?.password)).toBe("open sesame");
    const other = one.agent === first ? second : first;
    const sealed = one.order.ssh?.password ?? {};
    expect(() => unseal(sealed, other.sealingKey, { agentId: other.id, subjectId: one.order.sessionId ?? "" })).toThrow(
      "not sealed to this",
    );
    expect(() => unseal(sealed, one.agent.sealingKey, { agentId: one.agent.id, subjectId: "ses_other" })).toThrow();
    terminal.control({ type: "end" });
    await terminal.ended();
  });

  test("and does not get there is not the last: another one of the zone is asked, and the session is its", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("p"));
    meet = () => (asked.length === 1 ? "unreachable" : null);
    const terminal = await admin.openTerminal(assetId, { account });
    expect(codeOf(terminal)).toBe("opened");
    expect(new Set(asked.map(({ agent }) => agent))).toEqual(new Set([first, second]));
    const rows = await hub.sql<{ id: string; agent_id: string; state: string; end_reason: string | null }[]>`
      select id, agent_id, state, end_reason from sessions where asset_id = ${assetId} order by started_at, id`;
    expect(rows).toMatchObject([
      { agent_id: asked[0]?.agent.id, state: "ended", end_reason: "open-failed" },
      { id: terminal.sessionId, agent_id: asked[1]?.agent.id, state: "live" },
    ]);
    terminal.control({ type: "end" });
    await terminal.ended();
  });

  test("says what every agent of the zone came to when none gets there, and why", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("p"));
    meet = () => "unreachable";
    const terminal = await admin.openTerminal(assetId, { account });
    expect(terminal.find("error")).toMatchObject({ code: "not-reached", facts: { reason: "unreachable" } });
    expect(asked).toHaveLength(2);
  });

  test("is the only one where the host itself said no", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("wrong"));
    meet = () => "authentication-failed";
    const terminal = await admin.openTerminal(assetId, { account });
    expect(terminal.find("error")).toMatchObject({ code: "sign-in-failed", facts: { account: "deploy" } });
    expect(asked).toHaveLength(1);
  });

  test("and knows no neighbours is never given the order: it would take it for its own host", async () => {
    const zone = (await admin.mutate<{ id: string }>("fleet.createZone", { name: "old" })).id;
    const old = await hub.enrolAgent();
    await admin.mutate("fleet.moveAgent", { id: old.id, zoneId: zone });
    const assetId = await newAsset(admin, zone);
    const account = await newAccount(assetId, "deploy", password("p"));
    const terminal = await admin.openTerminal(assetId, { account });
    expect(terminal.find("error")).toMatchObject({ code: "agent-refused", facts: { reason: "too-old" } });
    expect(old.downs).not.toContain("order");
  });
});

describe("an account that asks", () => {
  test("has what was typed sealed for this session, and says what it lacks before any agent is asked", async () => {
    const assetId = await newAsset(admin, zoneId);
    const me = await admin.query<{ me: { id: string; username: string } }>("auth.state");
    await hub.grant(me.me.id, [assetId], ["connect"], { accounts: ["@ask", "@same-name"] });
    const bare = await admin.openTerminal(assetId, { account: "@ask" });
    expect(codeOf(bare)).toBe("secret-needed");
    expect(asked).toEqual([]);
    const typed = await admin.openTerminal(assetId, { account: "@ask", login: { username: "guest", password: "typed" } });
    expect(codeOf(typed)).toBe("opened");
    const [one] = asked;
    if (one === undefined) throw new Error("nobody was asked");
    expect(one.order.ssh?.username).toBe("guest");
    expect(secretFor(one, one.order.ssh?.password)).toBe("typed");
    typed.control({ type: "end" });
    await typed.ended();
  });

  test("and is called as the person is takes the vault's secret of that name where there is one", async () => {
    const assetId = await newAsset(admin, zoneId);
    const { me } = await admin.query<{ me: { id: string; username: string } }>("auth.state");
    await hub.grant(me.id, [assetId], ["connect"], { accounts: ["@same-name"] });
    const lacking = await admin.openTerminal(assetId, { account: "@same-name" });
    expect(lacking.find("error")).toMatchObject({ code: "secret-needed", facts: { username: me.username } });
    await newAccount(assetId, me.username, password("of the vault"));
    const terminal = await admin.openTerminal(assetId, { account: "@same-name" });
    expect(codeOf(terminal)).toBe("opened");
    const [one] = asked;
    if (one === undefined) throw new Error("nobody was asked");
    expect(one.order.ssh?.username).toBe(me.username);
    expect(secretFor(one, one.order.ssh?.password)).toBe("of the vault");
    terminal.control({ type: "end" });
    await terminal.ended();
  });
});

describe("the agent's own identity on a neighbour", () => {
  const line = `ssh-ed25519 ${"A".repeat(68)} sallyport-agt_06gzr3x7mkme29fvyae612zb`;
  const offersOf = async (id: string) =>
    (await admin.query<{ accounts: { id: string }[] }>("assets.get", { id })).accounts.map((offer) => offer.id);

  test("is offered and used only where an agent says that its host's owner allows it, and is on record as that", async () => {
    const zone = (await admin.mutate<{ id: string }>("fleet.createZone", { name: "own keys" })).id;
    const into = async (agent: TestAgent) => {
      await admin.mutate("fleet.moveAgent", { id: agent.id, zoneId: zone });
      return agent;
    };
    const without = await into(await enrol(hub));
    const assetId = await newAsset(admin, zone);
    const wish = { account: "@agent", login: { username: "deploy" } };
    expect(await offersOf(assetId)).not.toContain("@agent");
    expect(codeOf(await admin.openTerminal(assetId, wish))).toBe("no-own-key");
    expect(without.downs).not.toContain("order");

    const [unfit, stranger, fit] = [
      await into(await enrol(hub, { ownKey: line })),
      await into(await enrol(hub, { ownKey: line })),
      await into(await enrol(hub, { ownKey: line })),
    ];
    expect(await offersOf(assetId)).toContain("@agent");
    const nameless = await admin.openTerminal(assetId, { account: "@agent" });
    expect(codeOf(nameless)).toBe("username-needed");
    expect(asked).toEqual([]);
    // Each has a key of its own: what one is refused, another may be given.
    const refusals = new Map([
      [unfit, "own-key-unusable"],
      [stranger, "authentication-failed"],
    ]);
    meet = () => refusals.get(asked.at(-1)?.agent ?? fit) ?? null;
    const terminal = await admin.openTerminal(assetId, wish);
    expect(codeOf(terminal)).toBe("opened");
    const last = asked.at(-1);
    expect(last?.agent).toBe(fit);
    expect(last?.order.ssh).toMatchObject({ username: "deploy", ownKey: true });
    expect(last?.order.ssh?.password ?? last?.order.ssh?.su ?? null).toBeNull();
    expect(last?.order.ssh?.publicKey?.length ?? 0).toBe(0);
    terminal.control({ type: "end" });
    await terminal.ended();
    const { items } = await admin.query<{ items: { data: object }[] }>("audit.list", { kind: "session.opened", assetId });
    expect(items[0]?.data).toEqual({ assetId, account: "deploy", by: "@agent" });
    meet = () => "policy";
    expect(codeOf(await admin.openTerminal(assetId, wish))).toBe("no-own-key");
  });

  test("needs a grant that names it: one for every account of the vault is none", async () => {
    const assetId = await newAsset(admin, zoneId);
    const user = await hub.as("user");
    const { me } = await user.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetId], ["connect"], { accounts: ["@all", "@ask"] });
    const refused = await user.openTerminal(assetId, { account: "@agent", login: { username: "root" } });
    expect(refused.find("error")).toMatchObject({ code: "no-grant", facts: { why: "account" } });
  });
});

describe("an account reached by su", () => {
  test("signs in as the other account and has both passwords sealed", async () => {
    const assetId = await newAsset(admin, zoneId);
    const login = await newAccount(assetId, "login", password("outer"));
    const root = await newAccount(assetId, "root", password("inner"), { suFromId: login });
    const terminal = await admin.openTerminal(assetId, { account: root });
    expect(codeOf(terminal)).toBe("opened");
    const [one] = asked;
    if (one === undefined) throw new Error("nobody was asked");
    expect(one.order.ssh).toMatchObject({ username: "login", su: { username: "root" } });
    expect(secretFor(one, one.order.ssh?.password)).toBe("outer");
    expect(secretFor(one, one.order.ssh?.su?.password)).toBe("inner");
    terminal.control({ type: "end" });
    await terminal.ended();
    await admin.mutate("accounts.change", { id: login, active: false });
    expect(codeOf(await admin.openTerminal(assetId, { account: root }))).toBe("no-account");
    expect(asked).toHaveLength(1);
  });
});

/** What a client signs to be let in (RFC 4252 §7). */
function authRequest({ username, algorithm, publicKey }: { username: string; algorithm: string; publicKey: Buffer }): Buffer {
  const text = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([
    text(Buffer.alloc(32, 7)),
    Buffer.from([50]),
    text(username),
    text("ssh-connection"),
    text("publickey"),
    Buffer.from([1]),
    text(algorithm),
    text(publicKey),
  ]);
}

describe("the hub signs", () => {
  const { privateKey } = generateKey("test");
  const key = readPrivateKey({ privateKey, passphrase: null });
  const right = { username: "deploy", algorithm: "ssh-ed25519", publicKey: key.publicKey };
  let account: string;
  let assetId: string;
  beforeAll(async () => {
    assetId = await newAsset(admin, zoneId);
    account = await newAccount(assetId, "deploy", { kind: "ssh-key", privateKey, passphrase: null });
  });
  /** Opens a terminal; the agent asks as told, then is let in. */
  async function whileConnecting<T>(ask: (asks: TestAsks) => Promise<T>): Promise<T> {
    let answers: T | undefined;
    meet = async (_order, asks) => {
      answers = await ask(asks);
      return null;
    };
    const terminal = await admin.openTerminal(assetId, { account });
    terminal.control({ type: "end" });
    await terminal.ended();
    if (answers === undefined) throw new Error("the agent was not asked");
    return answers;
  }

  test("once for a connection, what lets this account in; the key itself never leaves", async () => {
    const data = authRequest(right);
    const [once, twice] = await whileConnecting(async (asks) => [
      await asks.sign({ data, algorithm: "ssh-ed25519" }),
      await asks.sign({ data, algorithm: "ssh-ed25519" }),
    ]);
    const parsed = ssh2.utils.parseKey(key.publicKey);
    const publicKey = Array.isArray(parsed) ? parsed[0] : parsed;
    if (publicKey === undefined || publicKey instanceof Error) throw new Error("no key");
    expect(verifySignature(null, data, publicKey.getPublicPEM(), once?.signature ?? Buffer.alloc(0))).toBe(true);
    expect(twice).toMatchObject({ refused: "One signature is given for a connection." });
    expect(asked[0]?.order.ssh).toMatchObject({ publicKey: key.publicKey });
    expect(asked[0]?.order.ssh?.password ?? null).toBeNull();
  });

  const other = readPrivateKey({ privateKey: generateKey("other").privateKey, passphrase: null });
  test.each([
    ["another user", authRequest({ ...right, username: "root" }), "ssh-ed25519"],
    ["another key", authRequest({ ...right, publicKey: other.publicKey }), "ssh-ed25519"],
    ["another algorithm in the bytes", authRequest({ ...right, algorithm: "rsa-sha2-256" }), "ssh-ed25519"],
    ["another algorithm beside them", authRequest(right), "rsa-sha2-512"],
    ["one byte more", Buffer.concat([authRequest(right), Buffer.from([0])]), "ssh-ed25519"],
    ["one byte less", authRequest(right).subarray(0, -1), "ssh-ed25519"],
    ["what is no request at all", Buffer.from("a document"), "ssh-ed25519"],
    ["nothing", Buffer.alloc(0), "ssh-ed25519"],
  ])("nothing that would sign in %s", async (_what, data, algorithm) => {
    const answer = await whileConnecting((asks) => asks.sign({ data, algorithm }));
    expect(answer.refused).not.toBe("");
    expect(answer.signature ?? new Uint8Array()).toHaveLength(0);
  });

  test("nothing for an agent that was not given the order, nor for one whose order has been answered", async () => {
    const data = authRequest(right);
    const seen = await whileConnecting(async (asks) => {
      const bystander = asked.at(-1)?.agent === first ? second : first;
      // Through its own link, with the sequence of the other's order.
      const [theirs, sequence] = [bystander.asksAbout(asks.sequence), asks.sequence];
      return { answer: await theirs.sign({ data, algorithm: "ssh-ed25519" }), sequence, agent: asked.at(-1)?.agent };
    });
    expect(seen.answer).toMatchObject({ refused: "Nothing waits for this signature." });
    const late = await seen.agent?.asksAbout(seen.sequence).sign({ data, algorithm: "ssh-ed25519" });
    expect(late).toMatchObject({ refused: "Nothing waits for this signature." });
  });
});

describe("a host key", () => {
  const keyOf = () => readPrivateKey({ privateKey: generateKey("host").privateKey, passphrase: null }).publicKey;
  const showing =
    (key: Buffer): Meeting =>
    async (_order, asks) =>
      (await asks.hostKey(key)) ? null : "host-key-refused";

  test("is pinned when it is the first; another one stops the connection and both fingerprints are told", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("p"));
    const [pinned, changed] = [keyOf(), keyOf()];
    meet = showing(pinned);
    const terminal = await admin.openTerminal(assetId, { account });
    expect(codeOf(terminal)).toBe("opened");
    terminal.control({ type: "end" });
    await terminal.ended();
    meet = showing(changed);
    const refused = await admin.openTerminal(assetId, { account });
    expect(asked.at(-1)?.order.ssh?.hostKeys).toEqual([pinned]);
    const { items } = await admin.query<{ items: { id: string; fingerprint: string; state: string }[] }>("assets.hostKeys", {
      id: assetId,
    });
    expect(items.map(({ state }) => state)).toEqual(["trusted", "offered"]);
    expect(refused.find("error")).toMatchObject({
      code: "host-key-refused",
      facts: { pinned: items[0]?.fingerprint, offered: items[1]?.fingerprint },
    });
    await admin.mutate("assets.decideHostKey", { id: items[1]?.id, decision: "trust-alone" });
    const after = await admin.openTerminal(assetId, { account });
    expect(codeOf(after)).toBe("opened");
    after.control({ type: "end" });
    await after.ended();
    meet = showing(pinned);
    expect(codeOf(await admin.openTerminal(assetId, { account }))).toBe("host-key-refused");
  });

  test("waits for an administrator where the policy says so, be it the first", async () => {
    await using careful = await TestHub.start({ hostKeys: "ask" });
    const by = await careful.asAdmin();
    const zone = (await by.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
    await enrol(careful);
    const assetId = await newAsset(by, zone);
    const { id: account } = await by.mutate<{ id: string }>("accounts.create", {
      assetId,
      username: "deploy",
      secret: password("p"),
    });
    meet = showing(keyOf());
    expect((await by.openTerminal(assetId, { account })).find("error")).toMatchObject({
      code: "host-key-refused",
      facts: { pinned: "" },
    });
    const { items } = await by.query<{ items: { id: string }[] }>("assets.hostKeys", { id: assetId });
    await by.mutate("assets.decideHostKey", { id: items[0]?.id, decision: "trust" });
    expect(codeOf(await by.openTerminal(assetId, { account }))).toBe("opened");
  });

  test("that is no key is never trusted", async () => {
    const assetId = await newAsset(admin, zoneId);
    const account = await newAccount(assetId, "deploy", password("p"));
    for (const bytes of [Buffer.alloc(0), Buffer.from("ssh-ed25519"), Buffer.alloc(70_000, 1)]) {
      meet = showing(bytes);
      expect(codeOf(await admin.openTerminal(assetId, { account }))).toBe("host-key-refused");
    }
    expect((await admin.query<{ items: object[] }>("assets.hostKeys", { id: assetId })).items).toEqual([]);
  });
});
