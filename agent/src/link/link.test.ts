// The link to the hub over real TLS: who may sign in, which way it goes, how it comes back.
import { createPublicKey } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { signLinkToken } from "@sallyport/protocol/link-token";
import { MqttClient } from "mqtt";
import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { loadIdentity } from "../state/identity.ts";
import { readStatus } from "../status.ts";
import { enrolledState, linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { signIn } from "./connection.ts";
import { dial } from "./dial.ts";

const quiet = { onMessage: () => {}, onFrame: () => {}, onRoom: () => {} };

test("a token is worth nothing on another connection than the one it was made for", async () => {
  await using hub = await TestHub.start();
  const { identity, key } = hub.admit();
  const wire = await dial({ transport: "mqtts", host: "127.0.0.1", port: hub.agentPort }, identity, readConfig());
  const stolen = signLinkToken(
    { agentId: identity.agentId, hubId: hub.hubId, issuedAtMs: Date.now(), binding: Buffer.alloc(32, 7) },
    key,
  );
  const client = new MqttClient(() => wire.stream, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    clientId: identity.agentId,
    username: identity.agentId,
    password: stolen,
  });
  const error = await new Promise<Error>((resolve) => client.once("error", resolve));
  client.end(true);
  expect(error.message).toContain("Not authorized");
  expect(hub.refusals).toEqual(["wrong-connection"]);
});

test("an agent the hub does not know is told to enrol again", async () => {
  await using hub = await TestHub.start();
  const { identity, key } = hub.admit();
  hub.agents.delete(identity.agentId);
  const wire = await dial({ transport: "mqtts", host: "127.0.0.1", port: hub.agentPort }, identity, readConfig());
  await expect(signIn(wire, identity, key, quiet)).rejects.toThrow("Enrol this host again");
});

test("a copied key of another agent does not sign in", async () => {
  await using hub = await TestHub.start();
  const { identity } = hub.admit();
  const { key } = hub.admit();
  const wire = await dial({ transport: "mqtts", host: "127.0.0.1", port: hub.agentPort }, identity, readConfig());
  await expect(signIn(wire, identity, key, quiet)).rejects.toThrow("Enrol this host again");
  expect(hub.refusals).toEqual(["bad-signature"]);
});

test("where only the web port is open the link goes over WSS, bound to its TLS connection, and carries terminals", async () => {
  await using hub = await TestHub.start();
  const state = enrolledState(hub);
  const file = path.join(state.stateDir, "identity.json");
  fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, "utf8")), agentPort: 1 }));
  await using agent = await linkedAgent(hub, state);
  await expect.poll(() => readStatus(agent.stateDir)).toMatchObject({ online: true, detail: "wss" });
  const terminal = await hub.openShell();
  terminal.type("head -c 300000 /dev/zero | tr '\\0' x; echo; echo over-$((1+1))\n");
  await terminal.until(() => terminal.text().includes("over-2"));
  expect(terminal.text().match(/x{300000}/)).not.toBeNull();
});

test("after the hub was away the agent comes back by itself and says hello as the same process", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const first = await hub.hear("hello");
  const from = hub.heard.length;
  hub.open = false;
  hub.cut();
  await new Promise((resolve) => setTimeout(resolve, 300)); // long enough for a try that is refused
  hub.open = true;
  const second = await hub.hear("hello", () => true, from);
  expect(second.instanceId).toBe(first.instanceId);
  expect(second.capabilities).toEqual([
    "shell",
    "exec",
    "dial",
    "ssh",
    "secret-lines",
    "equip",
    "files",
    "artefacts",
    "neighbour-artefacts",
    "approvals",
  ]);
});

test("an agent that is asked to leave does, and comes back", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const from = hub.heard.length;
  hub.say({ goaway: { afterMs: 200, reason: "shutdown" } });
  await hub.until(() => !hub.online);
  await hub.hear("hello", () => true, from);
  expect(agent.log.join("")).toContain("the hub asked us to leave: shutdown");
});

test("heartbeats carry the round trip once one has come back", async () => {
  await using hub = await TestHub.start();
  hub.heartbeatIntervalMs = 1_000;
  await using _agent = await linkedAgent(hub);
  const first = await hub.hear("heartbeat");
  expect(first.residentBytes).toBeGreaterThan(10_000_000);
  const next = await hub.hear("heartbeat", ({ sentUs }) => sentUs !== first.sentUs);
  expect(next.roundTripUs).toBeGreaterThan(0);
  expect(next.roundTripUs).toBeLessThan(2_000_000);
});

test("neither key nor token is in what the agent logs", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const { key } = loadIdentity(agent.stateDir);
  const secret = String(key.export({ format: "jwk" }).d);
  expect(agent.log.join("")).not.toContain(secret);
  expect(createPublicKey(key).asymmetricKeyType).toBe("ed25519");
});
