// A program for tests that kill it: changes the vault's key as a hub does. Arguments: data folder, organisation; the database is DATABASE_URL.
import path from "node:path";
import { sealedAccountSecrets } from "../assets/account-secrets.ts";
import { sealedTemplates } from "../assets/manage-templates.ts";
import { VaultRotation } from "../assets/rotate-vault.ts";
import { sealedTotp } from "../identity/sealed-totp.ts";
import { Changes } from "../platform/changes.ts";
import { openDatabase } from "../platform/database.ts";
import { createLog } from "../platform/log.ts";
import { Vault } from "../platform/vault.ts";

const [dataDir = "", orgId = ""] = process.argv.slice(2);
const migrationsDir = path.resolve(import.meta.dirname, "../../migrations");
const { db, close } = await openDatabase({ url: process.env["DATABASE_URL"] ?? "" }, { migrationsDir });
const vault = Vault.open(dataDir);
const sealed = [sealedAccountSecrets(db, vault), sealedTemplates(db, vault), sealedTotp(db, vault)];
const rotation = new VaultRotation({ db, vault, log: createLog("error"), changes: new Changes(), sealed, orgId });
await rotation.begin({ actor: { id: "test", name: "test" }, ip: null });
await rotation.settled();
await close();
