// What the doctor says about the policy: what it allows, and everything that would let somebody else change it.
import { generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examinePolicy } from "./examine-policy.ts";

const nobody = 65_534;
const key = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).toString("base64");
const approvers = [{ name: "Li Wei", site: "bastion.example.org", key }];

// Only root makes files of root's and of somebody else's.
describe.skipIf(process.getuid?.() !== 0)("the doctor, about the policy of a host's owner", () => {
  let folder: string;
  let stateDir: string;
  const file = () => path.join(folder, "policy.yaml");
  const examined = (said: object, mode = 0o644) => {
    fs.writeFileSync(file(), JSON.stringify(said)); // JSON is YAML
    fs.chmodSync(file(), mode);
    return examinePolicy(file(), stateDir);
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "policy-"));
    stateDir = fs.mkdtempSync(path.join(os.tmpdir(), "state-"));
  });
  afterEach(() => {
    for (const one of [folder, stateDir]) fs.rmSync(one, { recursive: true });
  });

  test("says in one line what it allows", async () => {
    expect(await examinePolicy(file(), stateDir)).toMatch(/^no .*policy\.yaml: scripts run with and without an approval$/);
    expect(await examined({})).toBe("scripts run with and without an approval");
    expect(await examined({ scripts: "approved" })).toBe("scripts run only with an approval");
    expect(await examined({ scripts: "approved", approvers })).toBe("scripts run only with an approval signed by one of: Li Wei");
    expect(await examined({ approvers })).toMatch(/without an approval; one that is given has to be signed by one of: Li Wei$/);
  });

  test("does not like one that the agent does not follow, or that somebody else than root can change", async () => {
    await expect(examined({ scripts: "sometimes" })).rejects.toThrow("scripts: any or scripts: approved");
    await expect(examined({}, 0o666)).rejects.toThrow("chmod go-w");
    const right = await examined({});
    fs.chownSync(file(), nobody, nobody);
    await expect(examinePolicy(file(), stateDir)).rejects.toThrow(`chown root ${file()}`);
    fs.chownSync(file(), 0, 0);
    fs.chmodSync(folder, 0o777);
    await expect(examinePolicy(file(), stateDir)).rejects.toThrow(`${folder} may be written by others`);
    fs.chmodSync(folder, 0o755);
    expect(await examinePolicy(file(), stateDir)).toBe(right);
  });

  test("finds one that root reads and the agent's account does not", async () => {
    fs.chownSync(stateDir, nobody, nobody);
    await expect(examined({}, 0o600)).rejects.toThrow("chmod go+r");
    expect(await examined({}, 0o644)).toContain("scripts run");
  });
});
