// Who an agent's connection is: its key, its id and its TLS connection, said three times and never believed once.
import { generateKeyPairSync } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { downTopic } from "@sallyport/protocol/topics";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { type ConnectFields, RawLink } from "../testing/raw-link.ts";
import type { TestIdentity } from "../testing/test-agent.ts";
import { TestBroker } from "../testing/test-broker.ts";

let bench: TestBroker;
let one: TestIdentity;
let other: TestIdentity;
beforeAll(async () => {
  bench = await TestBroker.start();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(async () => {
  [one, other] = [await bench.addAgent(), await bench.addAgent()];
});

/** MQTT-3.2.2.3 */
const identifierRejected = 2;
const badCredentials = 4;

async function tryAs(fields: (link: RawLink) => ConnectFields): Promise<number | "closed"> {
  const link = await RawLink.dial(bench.door);
  try {
    return await link.connect(fields(link));
  } finally {
    link.destroy();
  }
}

describe("an agent with its own key", () => {
  test("signs in under its own id, on its own connection", async () => {
    expect(await tryAs((link) => ({ clientId: one.id, username: one.id, password: link.token(one) }))).toBe(0);
  });

  test("cannot take another's id, and the other keeps its link", async () => {
    const real = await RawLink.asAgent(one);
    const claims: ((link: RawLink) => ConnectFields)[] = [
      (link) => ({ clientId: one.id, username: other.id, password: link.token(other) }),
      (link) => ({ clientId: one.id, username: one.id, password: link.token(other) }),
      (link) => ({ clientId: other.id, username: one.id, password: link.token(other) }),
      (link) => ({ clientId: other.id, username: other.id, password: link.token(one) }),
      (link) => ({ clientId: other.id, password: link.token(other) }),
      (link) => ({ clientId: `${one.id}\0`, username: one.id, password: link.token(other) }),
    ];
    for (const claim of claims) expect([identifierRejected, "closed"]).toContain(await tryAs(claim));
    // The forged token names the victim but is signed with the thief's key.
    const forged = (link: RawLink) => link.token(one, {}, other.privateKey);
    expect(await tryAs((link) => ({ clientId: one.id, username: one.id, password: forged(link) }))).toBe(badCredentials);
    expect(real.closed).toBe(false);
    expect(await real.alive()).toBe(true);
    expect(bench.links.isOnline(one.id)).toBe(true);
    real.destroy();
  });

  test("cannot use a token on a connection it was not made for", async () => {
    const first = await RawLink.dial(bench.door);
    const captured = first.token(one);
    expect(await first.connect({ clientId: one.id, username: one.id, password: captured })).toBe(0);
    expect(await tryAs(() => ({ clientId: one.id, username: one.id, password: captured }))).toBe(badCredentials);
    expect(await first.alive()).toBe(true);
    first.destroy();
    expect(await tryAs(() => ({ clientId: one.id, username: one.id, password: captured }))).toBe(badCredentials);
  });

  test("cannot use a token made for another hub", async () => {
    const password = (link: RawLink) => link.token(one, { hubId: newId("hub") });
    expect(await tryAs((link) => ({ clientId: one.id, username: one.id, password: password(link) }))).toBe(badCredentials);
  });
});

describe("a connection is refused", () => {
  test("for an agent nobody enrolled", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const unknown = { ...one, id: newId("agt"), privateKey };
    const claim = (link: RawLink) => ({ clientId: unknown.id, username: unknown.id, password: link.token(unknown) });
    expect(await tryAs(claim)).toBe(badCredentials);
  });

  test("with a signature of which any byte was changed", async () => {
    for (const at of [0, 10, 60, 100, -1, -20, -64]) {
      const claim = (link: RawLink) => {
        const token = Buffer.from(link.token(one), "base64url");
        const n = at < 0 ? token.length + at : at;
        token[n] = (token[n] ?? 0) ^ 1;
        return { clientId: one.id, username: one.id, password: token.toString("base64url") };
      };
      expect([identifierRejected, badCredentials]).toContain(await tryAs(claim));
    }
  });

  test.each(["", "x", "a".repeat(2_000), "=".repeat(100), "\0"])("with the password %j", async (password) => {
    expect([identifierRejected, badCredentials, "closed"]).toContain(
      await tryAs(() => ({ clientId: one.id, username: one.id, password })),
    );
  });

  test("without a password or a user name", async () => {
    expect([identifierRejected, badCredentials, "closed"]).toContain(await tryAs(() => ({ clientId: one.id })));
  });

  test.each(["", "agt_", "#", "+", "sp/+/dn", "$SYS", "agt_../../../../../../../..", "a\0b", "agt_IIIIIIIIIIIIIIIIIIIIIIII"])(
    "for the client id %j",
    async (clientId) => {
      expect([identifierRejected, "closed"]).toContain(
        await tryAs((link) => ({ clientId, username: clientId, password: link.token(one, { agentId: clientId }) })),
      );
    },
  );

  test("for an empty client id, with a clean session and without", async () => {
    for (const clean of [true, false])
      expect([identifierRejected, "closed"]).toContain(await tryAs(() => ({ clientId: "", clean })));
  });

  test.each([
    ["a session that outlives the link", { clean: false }],
    ["a will", { will: { topic: "sp/x/up", payload: "gone" } }],
    ["MQTT 5", { level: 5 }],
    ["MQTT of a version that never was", { level: 9 }],
  ])("that asks for %s", async (_, asked) => {
    const link = await RawLink.dial(bench.door);
    const code = await link.connect({ clientId: one.id, username: one.id, password: link.token(one), ...asked });
    expect(code).not.toBe(0);
    await link.whenClosed();
  });

  test("when it says CONNECT twice", async () => {
    const link = await RawLink.dial(bench.door);
    expect(await link.signIn(one)).toBe(0);
    await link.connect({ clientId: one.id, username: one.id, password: link.token(one) });
    await link.whenClosed();
  });
});

describe("an agent that links again", () => {
  test("takes the place of its older link, and nothing of a session is kept for it", async () => {
    const older = await RawLink.asAgent(one);
    const newer = await RawLink.asAgent(one);
    await older.whenClosed();
    await eventually(
      () => bench.links.get(one.id)?.agentId,
      (id) => id === one.id,
    );
    expect(await newer.alive()).toBe(true);
    newer.destroy();
    await eventually(
      () => bench.links.isOnline(one.id),
      (online) => !online,
    );
    const late = await RawLink.dial(bench.door);
    expect(await late.signIn(one)).toBe(0);
    await late.subscribe([[downTopic(one.id), 1]]);
    expect(await late.alive()).toBe(true);
    expect(late.packets).toEqual([]);
    late.destroy();
  });
});
