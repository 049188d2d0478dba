// What the hub proves itself with to providers survives a change of the vault's key.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { openDatabase } from "../platform/database.ts";
import { Vault } from "../platform/vault.ts";
import { createTestDatabase } from "../testing/test-database.ts";
import { openProviderSecret, sealedProviders, sealProviderSecret } from "./provider-secret.ts";
import { identityProviders } from "./schema.ts";

test("a provider's secret goes with the vault's new key, and no row needs the old one", async () => {
  const held = await createTestDatabase();
  const { db, close } = await openDatabase(
    { url: held.url },
    { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") },
  );
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-provider-"));
  try {
    const vault = Vault.open(dataDir);
    const row = { id: newId("idp"), orgId: newId("org"), secretVersion: 1 };
    const settings = {
      kind: "oidc" as const,
      issuer: "https://nowhere.invalid",
      clientId: "c",
      scopes: [],
      groupsClaim: "g",
      usernameClaim: "u",
    };
    await db.insert(identityProviders).values({
      ...row,
      ...sealProviderSecret(vault, row, "to nobody else"),
      name: "one",
      active: true,
      settings,
      createsPeople: false,
      emailDomains: [],
      createdAt: new Date(),
      updatedAt: new Date(),
    });
    const sealed = sealedProviders(db, vault);
    expect(await sealed.lowestKey()).toBe(1);
    vault.addKey();
    expect(await sealed.countBelow(vault.current)).toBe(1);
    expect(await sealed.rewrapSome()).toBe(1);
    expect(await sealed.rewrapSome()).toBe(0);
    expect(await sealed.lowestKey()).toBe(2);
    vault.removeKeysBelow(2);
    const [stored] = await db.select().from(identityProviders).where(eq(identityProviders.id, row.id));
    if (stored === undefined) throw new Error("the provider is gone");
    expect(openProviderSecret(vault, stored)).toBe("to nobody else");
  } finally {
    await close();
    await held.sql.end();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
