// Enrolment: one token, one agent, whoever asks and however often.

import { execFile } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { rawHttp } from "../testing/raw-http.ts";
import { askToEnrol, enrolProof, rawPublicKey } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

type Token = { id: string; token: string; command: string; unprivilegedCommand: string };
const newToken = (more: object = {}) => admin.mutate<Token>("fleet.createEnrolmentToken", more);
type Keys = { publicKey: KeyObject; privateKey: KeyObject };
const request = (token: string, keys: Keys = generateKeyPairSync("ed25519"), more: object = {}) => ({
  token,
  publicKey: rawPublicKey(keys.publicKey),
  hostname: "host",
  proof: enrolProof(token, keys.privateKey),
  ...more,
});

async function enrol(body: object): Promise<{ status: number; code: string; detail: string; agentId: string }> {
  const response = await askToEnrol(hub.url, body);
  const answer: { code?: string; detail?: string; agentId?: string } = await response.json();
  return { status: response.status, code: answer.code ?? "", detail: answer.detail ?? "", agentId: answer.agentId ?? "" };
}

describe("a token", () => {
  test("used a hundred times at once enrols exactly one", async () => {
    const { token } = await newToken();
    const answers = await Promise.all(Array.from({ length: 100 }, () => enrol(request(token))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ code }) => code))).toEqual(new Set(["token-used"]));
    const [row] = await hub.sql`select count(*)::int as agents from agents`;
    expect(row).toEqual({ agents: 1 });
  });

  test("that was used, has expired or is unknown says which, and enrols nobody", async () => {
    const { token: used } = await newToken();
    await enrol(request(used));
    const { token: expired } = await newToken();
    clock.advance(15 * 60_000 + 1_000);
    expect(await enrol(request(used))).toMatchObject({
      status: 409,
      code: "token-used",
      detail: expect.stringContaining("make a new one"),
    });
    expect(await enrol(request(expired))).toMatchObject({
      status: 410,
      code: "token-expired",
      detail: expect.stringContaining("new one"),
    });
    expect(await enrol(request("spt_nothing"))).toMatchObject({ status: 400, code: "token-unknown" });
    const [{ refused } = { refused: 0 }] =
      await hub.sql`select count(*)::int as refused from audit_events where kind = 'enrolment.refused'`;
    expect(refused).toBeGreaterThanOrEqual(2);
  });

  test("is followed from waiting to online", async () => {
    const { id, token } = await newToken();
    const state = () => admin.query("fleet.enrolmentToken", { id });
    expect(await state()).toMatchObject({ state: "waiting" });
    await admin.rest("POST", "/agent/install-progress", { token });
    expect(await state()).toMatchObject({ state: "installing" });
    const { agentId } = await enrol(request(token));
    expect(await state()).toMatchObject({ state: "enrolled", agentId });
  });
});

describe("an enrolment is refused", () => {
  test("without proof that the sender holds the key, and the token stays good", async () => {
    const { token } = await newToken();
    const [mine, other] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
    const proofs = [
      enrolProof(token, other.privateKey),
      enrolProof("spt_another", mine.privateKey),
      Buffer.alloc(64).toString("base64"),
    ];
    for (const proof of proofs)
      expect(await enrol(request(token, mine, { proof }))).toMatchObject({ status: 400, code: "bad-proof" });
    expect(await enrol(request(token, mine))).toMatchObject({ status: 200 });
  });

  test("for a key that an agent has already, revoked ones too, with a reason rather than a failure", async () => {
    const keys = generateKeyPairSync("ed25519");
    const { token: first } = await newToken();
    const { agentId } = await enrol(request(first, keys));
    await admin.mutate("fleet.revokeAgent", { id: agentId });
    const { token: second } = await newToken();
    const again = await enrol(request(second, keys));
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(again.code).not.toBe("internal");
    expect(again.status).toBeLessThan(500);
  });

  test.each([
    ["a key that is too short", { publicKey: "AAAA" }],
    ["a key that is not text", { publicKey: 7 }],
    ["no host name", { hostname: "" }],
    ["a host name of ten megabytes", { hostname: "x".repeat(900_000) }],
    ["a token that is an object", { token: { $ne: null } }],
  ])("with %s", async (_, more) => {
    const { token } = await newToken();
    expect(await enrol({ ...request(token), ...more })).toMatchObject({ status: 400, code: "bad-input" });
  });

  test("when its body is more than a megabyte", async () => {
    const body = JSON.stringify({ ...request("spt_x"), facts: "x".repeat(2_000_000) });
    const answer = await rawHttp(hub.url, { method: "POST", path: "/agent/enrol", body });
    expect(answer.status).toBe(413);
  });

  test.each([
    ["a number", 7],
    ["a list", [1]],
    ["texts that are objects", { hostname: {}, osName: [], kernel: 1 }],
    ["lists that are texts", { disks: "disks", addresses: "addresses" }],
    ["lists of nothing", { disks: [null], addresses: [null, {}, 7] }],
  ])("or taken, but never breaks, with facts that are %s", async (_, facts) => {
    const { token } = await newToken();
    const { status } = await enrol(request(token, undefined, { facts }));
    expect([200, 400]).toContain(status);
  });
});

describe("the install line", () => {
  const hostile = [
    "https://hub.example/$(touch MARK)",
    "https://hub.example/`touch MARK`",
    "https://hub.example/';touch MARK;'",
    'https://hub.example/";touch MARK;"',
    'https://hub.example/\\";touch MARK;\\"',
    "https://hub.example/?a=b&touch MARK",
  ];

  test.each(hostile)("for the address %s runs nothing but the installer", async (hubUrl) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-line-"));
    try {
      const refused = await admin.refusal(newToken({ hubUrl }));
      if (refused !== null) return expect(refused).toBe("bad-input");
      const { command } = await newToken({ hubUrl });
      writeFileSync(path.join(folder, "curl"), "#!/bin/sh\nexit 7\n");
      chmodSync(path.join(folder, "curl"), 0o755);
      const environment = { PATH: `${folder}:/usr/bin:/bin` };
      await promisify(execFile)("sh", ["-c", command], { cwd: folder, env: environment }).catch(() => {});
      expect(existsSync(path.join(folder, "MARK")), command).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("pins the hub's key, fails loudly, and carries the token in the environment only", async () => {
    const { token, command, unprivilegedCommand } = await newToken({ hubUrl: "https://hub.example:8443" });
    for (const line of [command, unprivilegedCommand]) {
      expect(line).toContain("--pinnedpubkey 'sha256//");
      expect(line).toContain("'https://hub.example:8443/install.sh'");
      expect(line.split(token)).toHaveLength(2);
      expect(line).toContain(`SALLYPORT_TOKEN='${token}' sh`);
      expect(line).not.toContain("\n");
    }
    const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-line-"));
    writeFileSync(path.join(folder, "curl"), "#!/bin/sh\nexit 7\n");
    chmodSync(path.join(folder, "curl"), 0o755);
    const run = promisify(execFile)("sh", ["-c", command], { env: { PATH: `${folder}:/usr/bin:/bin` } });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no installer from https://hub.example:8443"),
    });
    rmSync(folder, { recursive: true, force: true });
  });
});

describe("the installer", () => {
  test("leaves the hub with every blank filled in, for any Host it is asked under", async () => {
    for (const host of ["hub.example:8443", "[::1]:8443", "$(id)", "a'b", "x y", `x${"y".repeat(300)}`]) {
      const answer = await rawHttp(hub.url, { path: "/install.sh", headers: { host } });
      if (answer.status === 400) continue; // Node itself refuses such a Host
      expect(answer.status).toBe(200);
      expect(answer.body.match(/@[A-Z_]{3,}@/g), host).toBeNull();
      expect(answer.body).toContain("sha256//");
      for (const text of ["$(id)", "a'b", "x y:"]) if (host === text) expect(answer.body).not.toContain(text);
    }
  });
});
