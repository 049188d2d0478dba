// Approvals over a real link: just what people approved runs, as often as they approved, then and there; not even whoever holds the hub's database changes that.
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { approvalChallenge, encodeApproval, scriptInputsHash, signApproval, targetHash } from "@sallyport/protocol/approvals";
import { newId } from "@sallyport/protocol/ids";
import { wire } from "@sallyport/protocol/wire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { noPolicy, type Policy, readPolicy } from "../policy.ts";
import { linkedAgent, type RunningAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";

const hourMs = 3_600_000;
const sha256 = (text: string | Uint8Array): Buffer => createHash("sha256").update(text).digest();

let hub: TestHub;
let agent: RunningAgent;
let witness: string;
beforeAll(async () => {
  hub = await TestHub.start();
});
beforeEach(async () => {
  agent = await linkedAgent(hub);
  witness = path.join(scratch(), "ran");
});
afterEach(() => agent[Symbol.asyncDispose]());
afterAll(() => hub[Symbol.asyncDispose]());

const scriptText = () => `echo "$1 $COLOUR" >> ${witness}`;
const inputs = { arguments: ["a"], environment: { COLOUR: "red" }, timeoutSeconds: 60 };
const rest = { interpreter: "sh", secrets: [], files: [], artefacts: [] };

/** As people approved it: this script with these inputs, here, now, once. */
const approvalOf = (changes: Partial<wire.Approval.$Properties> = {}, agentId = agent.agentId): wire.Approval.$Properties => ({
  ticketId: newId("tkt"),
  hubId: hub.hubId,
  scriptSha256: sha256(scriptText()),
  inputsSha256: scriptInputsHash({ ...rest, ...inputs }),
  targets: [targetHash(agentId, null)],
  notBeforeMs: Date.now() - hourMs,
  notAfterMs: Date.now() + hourMs,
  runsMax: 1,
  votes: [{ userId: newId("usr"), atMs: Date.now() }],
  ...changes,
});

const signed = (approval: wire.Approval.$Properties, key: KeyObject = hub.orderKey) => {
  const bytes = encodeApproval(approval);
  return { approval: bytes, signature: signApproval(bytes, key) };
};

/** What the agent says to an order with this approval, before anybody lets it begin. */
async function offered(
  approval: wire.SignedApproval.$Properties,
  changes: Partial<wire.RunScript.$Properties> = {},
  script = scriptText(),
): Promise<{ refusal: string; message: string } | "claimed"> {
  const { executionId, signed: order } = hub.offer(script, { ...inputs, approval, ...changes });
  const from = hub.heard.length;
  hub.say({ runOffers: { offers: [order] } });
  const answer = await Promise.race([
    hub.hear("runClaim", (claim) => claim.executionId === executionId, from).then(() => null),
    hub.hear("runResult", (result) => result.executionId === executionId, from),
  ]);
  if (answer === null) {
    hub.say({ runGo: { executionId, attempt: 1, go: false, reason: "enough" } });
    return "claimed";
  }
  hub.say({ runResultAck: { executionId, attempt: 1 } });
  expect(answer.end).toBe(wire.RunEnd.RUN_REFUSED);
  return { refusal: answer.refusal ?? "", message: answer.message ?? "" };
}

test("what was approved runs, as often as was approved and no more, also when the agent begins anew", async () => {
  const approval = signed(approvalOf({ runsMax: 2 }));
  for (let n = 0; n < 2; n++) {
    const run = await hub.run(scriptText(), { ...inputs, approval });
    expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exitCode: 0 });
  }
  expect(fs.readFileSync(witness, "utf8")).toBe("a red\na red\n");
  expect(await offered(approval)).toMatchObject({ refusal: "approval-over" });
  await agent[Symbol.asyncDispose]();
  agent = await linkedAgent(hub, agent);
  expect(await offered(approval)).toMatchObject({ refusal: "approval-over" });
  expect(fs.readFileSync(witness, "utf8")).toBe("a red\na red\n");
});

test("what was claimed and never let begin counts for nothing", async () => {
  const approval = signed(approvalOf());
  for (let n = 0; n < 3; n++) expect(await offered(approval)).toBe("claimed");
  const run = await hub.run(scriptText(), { ...inputs, approval });
  expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
  expect(await offered(approval)).toMatchObject({ refusal: "approval-over" });
});

describe("one byte that differs, and it does not run", () => {
  test("of the script, its arguments, its variables, its interpreter, its limit, its files", async () => {
    const approval = signed(approvalOf());
    const file = { sha256: sha256("x"), size: 1, path: "/tmp/x", mode: 0o600, owner: "", group: "", keep: false };
    for (const [name, changes, script] of [
      ["script", {}, `${scriptText()} `],
      ["argument", { arguments: ["b"] }],
      ["argument more", { arguments: ["a", ""] }],
      ["arguments joined", { arguments: [], environment: { COLOUR: "red", a: "" } }],
      ["variable", { environment: { COLOUR: "rec" } }],
      ["variable more", { environment: { COLOUR: "red", LD_PRELOAD: "/tmp/x.so" } }],
      ["interpreter", { interpreter: "bash" }],
      ["limit", { timeoutSeconds: 61 }],
      ["secret", { secrets: ["TOKEN"] }],
      ["file", { files: [file] }],
      ["artefact", { artefacts: ["/etc/shadow"] }],
    ] as const)
      expect(await offered(approval, changes as object, script), name).toMatchObject({ refusal: "approval-does-not-fit" });
    expect(await offered(approval)).toBe("claimed");
  });

  test("of where and as whom: another agent's, a neighbour, another account there", async () => {
    const neighbour = { host: "192.0.2.7", port: 22, username: "deploy" };
    const there = signed(approvalOf({ targets: [targetHash(agent.agentId, neighbour)] }));
    expect(await offered(there, { neighbour })).toBe("claimed");
    for (const [approval, changes] of [
      [signed(approvalOf({}, newId("agt"))), {}],
      [there, {}],
      [there, { neighbour: { ...neighbour, username: "root" } }],
      [there, { neighbour: { ...neighbour, host: "192.0.2.8" } }],
      [signed(approvalOf()), { neighbour }],
    ] as const)
      expect(await offered(approval, changes)).toMatchObject({ refusal: "approval-does-not-fit" });
  });

  test("of the approval itself, wherever it is changed; of another hub; under another key, that of orders' own signature included", async () => {
    const approval = approvalOf();
    const { approval: bytes, signature } = signed(approval);
    // Each byte of it, a few at a time: what is left out here is between two that are not.
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await offered({ approval: changed, signature }), `byte ${at}`).toMatchObject({ refusal: "approval-does-not-fit" });
    }
    const otherKey = generateKeyPairSync("ed25519").privateKey;
    const asAnOrder = sign(null, Buffer.concat([Buffer.from("sallyport/order/v1\0"), bytes]), hub.orderKey);
    for (const one of [
      signed(approval, otherKey),
      { approval: bytes, signature: asAnOrder },
      signed(approvalOf({ hubId: newId("hub") })),
      signed(approvalOf({ ticketId: "../../etc" })),
      signed(approvalOf({ runsMax: 0 })),
      signed(approvalOf({ runsMax: 1_000_000 })),
    ])
      expect(await offered(one)).toMatchObject({ refusal: "approval-does-not-fit" });
  });

  test("of its time: not before, not after, and not when the go comes after it", async () => {
    expect(
      await offered(signed(approvalOf({ notBeforeMs: Date.now() + hourMs, notAfterMs: Date.now() + 2 * hourMs }))),
    ).toMatchObject({ refusal: "approval-does-not-fit" });
    expect(await offered(signed(approvalOf({ notAfterMs: Date.now() - 1_000 })))).toMatchObject({ refusal: "approval-over" });
    const ends = Date.now() + 3_000;
    const { executionId, signed: order } = hub.offer(scriptText(), {
      ...inputs,
      approval: signed(approvalOf({ notAfterMs: ends })),
    });
    hub.say({ runOffers: { offers: [order] } });
    await hub.hear("runClaim", (claim) => claim.executionId === executionId);
    await expect.poll(() => Date.now() > ends, { timeout: 10_000 }).toBe(true);
    hub.say({ runGo: { executionId, attempt: 1, go: true } });
    expect(await hub.resultOf({ executionId, attempt: 1 })).toMatchObject({ refusal: "approval-over" });
  });

  test("an order of that kind without an approval is refused", async () => {
    expect(await offered({})).toMatchObject({ refusal: "approval-does-not-fit" });
  });
});

/** A device with a key of its own, as the browser would ask it. */
function authenticator(kind: "ec" | "ed25519" | "rsa", site = "bastion.example.org") {
  const { publicKey, privateKey } =
    kind === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : kind === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
        : generateKeyPairSync("ed25519");
  const signs = (challenge: Uint8Array, { flags = 0x05, type = "webauthn.get", at = site } = {}) => {
    const clientData = Buffer.from(
      JSON.stringify({ type, challenge: Buffer.from(challenge).toString("base64url"), origin: `https://${at}` }),
    );
    const authenticatorData = Buffer.concat([sha256(at), Buffer.from([flags, 0, 0, 0, 1])]);
    const signature = sign(
      kind === "ed25519" ? null : "sha256",
      Buffer.concat([authenticatorData, sha256(clientData)]),
      privateKey,
    );
    return { authenticatorData, clientData, signature };
  };
  return { line: { name: kind, site, key: publicKey.export({ format: "der", type: "spki" }).toString("base64") }, signs };
}

async function policyOf(said: object): Promise<Policy> {
  const file = path.join(scratch(), "policy.yaml");
  fs.writeFileSync(file, JSON.stringify(said), { mode: 0o644 }); // JSON is YAML
  return readPolicy(file);
}

describe("the owner of a host", () => {
  test("lets no script run without an approval, and the hub is told so and cannot change it", async () => {
    await agent[Symbol.asyncDispose]();
    agent = await linkedAgent(hub, agent, readConfig(), await policyOf({ scripts: "approved" }));
    const hello = hub.heard.findLast((message) => message.body === "hello");
    expect(hello?.value).toMatchObject({ capabilities: expect.arrayContaining(["approvals", "approved-only"]) });
    const { executionId, signed: order } = hub.offer(`touch ${witness}.no`);
    hub.say({ runOffers: { offers: [order] } });
    expect(await hub.resultOf({ executionId, attempt: 1 })).toMatchObject({
      end: wire.RunEnd.RUN_REFUSED,
      refusal: "approval-missing",
    });
    expect(fs.existsSync(`${witness}.no`)).toBe(false);
    expect(await offered(signed(approvalOf()))).toBe("claimed");
  });

  test("names whose passkeys count: the hub's own signature is not enough then, nor anybody else's, nor one for something else", async () => {
    const devices = (["ec", "ed25519", "rsa"] as const).map((kind) => authenticator(kind));
    const stranger = authenticator("ec");
    await agent[Symbol.asyncDispose]();
    agent = await linkedAgent(hub, agent, readConfig(), await policyOf({ approvers: devices.map(({ line }) => line) }));
    const approval = signed(approvalOf({ runsMax: 9 }));
    const challenge = approvalChallenge(approval.approval);
    for (const device of devices)
      expect(await offered({ ...approval, passkeys: [device.signs(challenge)] }), device.line.name).toBe("claimed");
    const [device] = devices;
    if (device === undefined) throw new Error("three devices");
    const right = device.signs(challenge);
    for (const [name, passkeys] of [
      ["nobody's", []],
      ["a stranger's", [stranger.signs(challenge)]],
      ["for another approval", [device.signs(sha256("another"))]],
      ["without the person recognised", [device.signs(challenge, { flags: 0x01 })]],
      ["without the person there", [device.signs(challenge, { flags: 0x04 })]],
      ["of a registration", [device.signs(challenge, { type: "webauthn.create" })]],
      ["for another site", [device.signs(challenge, { at: "evil.example.org" })]],
      ["altered", [{ ...right, signature: Uint8Array.from([...right.signature.subarray(0, -1), 0]) }]],
      ["damaged", [{ ...right, signature: Buffer.from("no DER") }]],
      ["empty", [{}]],
    ] as const)
      expect(await offered({ ...approval, passkeys: [...passkeys] }), name).toMatchObject({ refusal: "approval-does-not-fit" });
  });

  test("is told when what he wrote cannot be followed, instead of being followed by half", async () => {
    expect(await readPolicy(path.join(scratch(), "none.yaml"))).toEqual(noPolicy);
    expect(await policyOf({})).toEqual(noPolicy);
    for (const said of [
      { scripts: "sometimes" },
      { script: "approved" },
      { approvers: "li" },
      { approvers: [{ name: "li", site: "x" }] },
      { approvers: [{ name: "li", site: "x", key: "AAAA" }] },
      ["approved"],
    ])
      await expect(policyOf(said), JSON.stringify(said)).rejects.toThrow("policy.yaml");
    const file = path.join(scratch(), "policy.yaml");
    fs.writeFileSync(file, "scripts: approved\n");
    fs.chmodSync(file, 0o666);
    await expect(readPolicy(file)).rejects.toThrow("chmod");
    fs.chmodSync(file, 0o644);
    expect(await readPolicy(file)).toEqual({ scripts: "approved", approvers: [] });
  });
});
