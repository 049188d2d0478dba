// Enrolment over real HTTPS: one token, one agent, and only with the hub the command was made for.
import fs from "node:fs";
import path from "node:path";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { newId } from "@sallyport/protocol/ids";
import { expect, test } from "vitest";
import { enrol } from "./enrol.ts";
import { loadIdentity, rawPublicKey } from "./state/identity.ts";
import { linkedAgent } from "./testing/agents.ts";
import { TestHub } from "./testing/hub.ts";
import { scratch } from "./testing/scratch.ts";

const newState = (): string => path.join(scratch(), "state");

const termsOf = (hub: TestHub, token: string, stateDir: string) => ({
  stateDir,
  hubUrl: hub.url,
  hubId: hub.hubId,
  hubKey: rawPublicKey(hub.orderKey),
  caPem: hub.caPem,
  agentPort: hub.agentPort,
  token,
});

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

test("a fresh token makes this host an agent that can link, its key readable by nobody else", async () => {
  await using hub = await TestHub.start();
  const stateDir = newState();
  const identity = await enrol(termsOf(hub, hub.newToken(), stateDir));
  expect(loadIdentity(stateDir).identity.agentId).toBe(identity.agentId);
  expect([modeOf(stateDir), modeOf(path.join(stateDir, "key.pem")), modeOf(path.join(stateDir, "identity.json"))]).toEqual([
    0o700, 0o600, 0o600,
  ]);
  await using agent = await linkedAgent(hub, { stateDir, agentId: identity.agentId });
  expect(agent.agentId).toBe(identity.agentId);
});

test.each(["used", "expired"] as const)(
  "a token that is %s enrols nobody and leaves an earlier identity as it was",
  async (state) => {
    await using hub = await TestHub.start();
    const stateDir = newState();
    const first = await enrol(termsOf(hub, hub.newToken(), stateDir));
    await expect(enrol(termsOf(hub, hub.newToken(state), stateDir))).rejects.toMatchObject({ code: `token-${state}` });
    const kept = loadIdentity(stateDir);
    expect(kept.identity.agentId).toBe(first.agentId);
    expect(hub.agents.get(first.agentId)?.export({ format: "jwk" }).x).toBe(
      Buffer.from(rawPublicKey(kept.key), "base64").toString("base64url"),
    );
  },
);

test("a token nobody made is refused by its code", async () => {
  await using hub = await TestHub.start();
  await expect(enrol(termsOf(hub, "spt_invented", newState()))).rejects.toMatchObject({ code: "token-unknown" });
});

test("a server with another hub's key never sees the token", async () => {
  await using meant = await TestHub.start();
  await using other = await TestHub.start({ hubId: meant.hubId });
  const token = other.newToken();
  await expect(enrol({ ...termsOf(meant, token, newState()), hubUrl: other.url })).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("not the hub this agent belongs to"),
  });
  expect(other.tokens.get(token)).toBe("fresh");
});

test("a certificate of the right authority for another name is refused", async () => {
  await using hub = await TestHub.start({ names: [hubServerName(newId("hub")), "localhost"] });
  const token = hub.newToken();
  await expect(enrol(termsOf(hub, token, newState()))).rejects.toMatchObject({ message: expect.stringContaining("not the hub") });
  expect(hub.tokens.get(token)).toBe("fresh");
});

test("a hub that answers with another id than the command names is refused", async () => {
  await using hub = await TestHub.start();
  hub.pages.set("/agent/enrol", () => ({
    status: 200,
    body: { agentId: newId("agt"), hubId: newId("hub"), agentPort: 1, name: "x" },
  }));
  const stateDir = newState();
  await expect(enrol(termsOf(hub, hub.newToken(), stateDir))).rejects.toMatchObject({ code: "wrong-hub" });
  expect(fs.existsSync(path.join(stateDir, "identity.json"))).toBe(false);
});
