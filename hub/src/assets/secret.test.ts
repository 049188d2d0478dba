// Keys that the hub makes are read by everybody, each of them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { generateKey, readPrivateKey } from "./secret.ts";

test("each of 2,000 new keys can be read, and its public half is its own", () => {
  for (let n = 0; n < 2_000; n++) {
    const { privateKey, publicKey } = generateKey("deploy");
    const read = readPrivateKey({ privateKey, passphrase: null });
    expect(`${read.type} ${read.publicKey.toString("base64")}`).toBe(publicKey.split(" ").slice(0, 2).join(" "));
  }
});

const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
test.skipIf(!hasKeygen)("OpenSSH reads a hundred of them as we do", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-keys-"));
  try {
    for (let n = 0; n < 100; n++) {
      const { privateKey, publicKey } = generateKey("deploy");
      const file = path.join(folder, "key");
      writeFileSync(file, `${privateKey.trim()}\n`, { mode: 0o600 });
      const { stdout } = spawnSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
      expect(stdout.split(" ").slice(0, 2).join(" ").trim()).toBe(publicKey.split(" ").slice(0, 2).join(" "));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
