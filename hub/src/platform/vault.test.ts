// Secrets at rest.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keyNumberOf, type SealedPlace, Vault, VaultError } from "./vault.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-vault-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secret = Buffer.from("correct horse battery staple");
const place: SealedPlace = { orgId: "org_a", table: "account_secrets", row: "acc_1", field: "secret", version: 3 };

describe("a sealed secret", () => {
  test("opens in its place, also after a restart, and shows nothing of itself", () => {
    const sealed = Vault.open(folder).seal(secret, place);
    expect(sealed.includes(secret)).toBe(false);
    expect(Vault.open(folder).open(sealed, place)).toEqual(secret);
    expect(Vault.open(folder).seal(secret, place)).not.toEqual(sealed);
  });

  test.each<Partial<SealedPlace>>([
    { orgId: "org_b" },
    { table: "x" },
    { row: "acc_2" },
    { field: "passphrase" },
    { version: 4 },
  ])("does not open as %j", (elsewhere) => {
    const vault = Vault.open(folder);
    expect(() => vault.open(vault.seal(secret, place), { ...place, ...elsewhere })).toThrow(VaultError);
  });

  test("does not open with any one bit changed, or cut anywhere", () => {
    const vault = Vault.open(folder);
    const sealed = vault.seal(secret, place);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(() => vault.open(changed, place), `byte ${at}`).toThrow(VaultError);
      expect(() => vault.open(sealed.subarray(0, at), place), `cut at ${at}`).toThrow(VaultError);
    }
  });

  test("may be empty", () => {
    const vault = Vault.open(folder);
    expect(vault.open(vault.seal(Buffer.alloc(0), place), place)).toEqual(Buffer.alloc(0));
  });
});

describe("the hub's key", () => {
  test("is a file that only its owner reads", () => {
    Vault.open(folder);
    expect(readdirSync(path.join(folder, "keys"))).toEqual(["vault-key-1"]);
    expect(statSync(path.join(folder, "keys/vault-key-1")).mode & 0o777).toBe(0o600);
  });

  test("is changed without a secret being lost: the old one opens until it is wrapped anew", () => {
    const vault = Vault.open(folder);
    const old = vault.seal(secret, place);
    expect(vault.addKey()).toBe(2);
    expect(vault.open(old, place)).toEqual(secret);
    const again = vault.rewrap(old, place);
    expect([keyNumberOf(old), keyNumberOf(again)]).toEqual([1, 2]);
    rmSync(path.join(folder, "keys/vault-key-1"));
    const later = Vault.open(folder);
    expect(later.open(again, place)).toEqual(secret);
    expect(() => later.open(old, place)).toThrow("vault-key-1 is missing");
  });

  test("that a restored backup lacks is named, and no other is taken for it", () => {
    const sealed = Vault.open(folder).seal(secret, place);
    rmSync(path.join(folder, "keys"), { recursive: true });
    expect(() => Vault.open(folder).open(sealed, place)).toThrow(VaultError);
  });
});
