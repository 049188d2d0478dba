// What an agent says of its host is hostile text: kept capped, shown as text, and never in the way of anything.
import { factsListMax, textBytesMax } from "@sallyport/protocol/limits";
import { encodeUp, type wire } from "@sallyport/protocol/wire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { packetTypes, publishPacket, RawLink } from "../testing/raw-link.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
beforeEach(async () => {
  agent = await hub.enrolAgent();
});
afterEach(() => agent.stop());
afterAll(() => hub[Symbol.asyncDispose]());

type Shown = {
  facts: {
    ownKey?: { line: string; problem: string };
    kernel: string;
    hostname: string;
    cpuModel: string;
    addresses: string[];
    disks: unknown[];
    memoryBytes: number;
  };
};
const shown = () => admin.query<Shown>("fleet.agent", { id: agent.id });
let turn = 0;

/** Sends facts and waits until they are the agent's; the kernel tells one turn from another. */
async function said(facts: wire.HostFacts.$Properties): Promise<Shown["facts"]> {
  const kernel = `turn ${++turn}`;
  agent.say({ inventory: { ...facts, kernel } });
  const { facts: stored } = await eventually(shown, (now) => now.facts?.kernel === kernel);
  return stored;
}

describe("host facts", () => {
  test.each([
    ["HTML", "<img src=x onerror=alert(1)><script>alert(2)</script>"],
    ["terminal escapes", "\u001b]0;owned\u0007\u001b[2J\u009b31m"],
    ["text that turns around", "abc\u202egnp.exe"],
    ["a formula", '=cmd|" /C calc"!A0'],
    ["SQL", "'; drop table agents; --"],
    ["a prototype", "__proto__"],
    ["a template", "{{7*7}}<%= 7*7 %>#{7*7}"],
  ])("with %s come back as the text they are", async (_, text) => {
    const facts = await said({ hostname: text, cpuModel: text, addresses: [text], disks: [{ mount: text, filesystem: text }] });
    expect(facts.hostname).toBe(text);
    expect(facts.addresses).toEqual([text]);
    expect(({} as Record<string, unknown>)["mount"]).toBeUndefined();
  });

  test("are cut: long texts, long lists, numbers that are none, NUL", async () => {
    const long = "x".repeat(100_000);
    const facts = await said({
      hostname: long,
      cpuModel: "a\0b",
      addresses: Array.from({ length: 5_000 }, (_, n) => `10.0.0.${n}`),
      disks: Array.from({ length: 5_000 }, () => ({ mount: "/", sizeBytes: 1 })),
      memoryBytes: 2 ** 60,
    });
    expect(facts.hostname).toHaveLength(textBytesMax);
    expect(facts.cpuModel).toBe("ab");
    expect(facts.addresses).toHaveLength(factsListMax);
    expect(facts.disks).toHaveLength(factsListMax);
    expect(facts.memoryBytes).toBe(0);
  });

  test("name a key to be copied only when it is one, without anything before it", async () => {
    const key = `ssh-ed25519 ${"A".repeat(68)} sallyport-${agent.id}`;
    expect((await said({ ownKey: key })).ownKey).toEqual({ line: key, problem: "" });
    for (const ownKey of [
      `command="id" ${key}`,
      `${key}\nssh-rsa ${"A".repeat(68)} x`,
      `ssh-ed25519 ${"A".repeat(20_000)} x`,
      "<b>",
    ])
      expect((await said({ ownKey })).ownKey).toEqual({ line: "", problem: "" });
    expect((await said({ ownKeyProblem: "x".repeat(5_000) })).ownKey?.problem).toHaveLength(textBytesMax);
    expect((await said({})).ownKey).toBeUndefined();
  });

  test("cut in the middle of a character are kept all the same", async () => {
    expect((await said({ hostname: `a${"😀".repeat(2_000)}` })).hostname.length).toBeLessThanOrEqual(textBytesMax);
  });

  test("of ten megabytes are refused whole, and the agent may come back", async () => {
    const gone = new Promise<void>((resolve) => agent.socket?.once("close", () => resolve()));
    agent.client?.publish(`sp/${agent.id}/up`, Buffer.from(encodeUp({ inventory: { hostname: "x".repeat(10_000_000) } })), {
      qos: 1,
    });
    await gone;
    await agent.link();
    expect((await said({ hostname: "small again" })).hostname).toBe("small again");
  });
});

describe("a hello", () => {
  test.each([
    ["a version with NUL", { agentVersion: "1.0\0.0" }],
    ["a version that turns around", { agentVersion: "\u202e0.1".repeat(50) }],
    ["a clock of the year 280,000", { agentTimeMs: Number.MAX_SAFE_INTEGER }],
    [
      "streams and journal entries of nobody",
      { streams: [{ stream: 5, subjectId: "ses_' or 1=1" }], journal: [{ executionId: "../../x" }] },
    ],
    [
      "a thousand journal entries",
      { journal: Array.from({ length: 1_000 }, (_, n) => ({ executionId: `exe_${String(n).padStart(24, "0")}` })) },
    ],
    ["an instance id of a megabyte", { instanceId: "x".repeat(900_000) }],
  ])("with %s is welcomed and harms nothing", async (_, more) => {
    const other = await hub.enrolAgent();
    other.stop();
    const link = await RawLink.dial(other.identity);
    expect(await link.signIn(other.identity)).toBe(0);
    const hello = { protocol: 1, agentVersion: "1", instanceId: "i", agentTimeMs: Date.now(), ...more };
    link.write(publishPacket(`sp/${other.id}/up`, encodeUp({ hello })));
    expect(await link.next(packetTypes.puback)).not.toBeNull();
    const { version } = await admin.query<{ version: string }>("fleet.agent", { id: other.id });
    expect(version.length).toBeLessThanOrEqual(64);
    link.destroy();
  });
});
