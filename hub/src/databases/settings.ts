// How accounts that requests give are called, in an organisation. Those that are there keep their names.
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { DatabaseDeps } from "./deps.ts";
import { databaseSettings } from "./schema.ts";
import { patternOf } from "./want-account.ts";

/** @param namePattern as input.ts has it. @throws HubError `forbidden`. */
export async function changeDatabaseSettings(
  { db, clock }: Pick<DatabaseDeps, "db" | "clock">,
  actor: Actor,
  { namePattern }: { namePattern: string },
): Promise<void> {
  assertMay(actor, "accounts.manage");
  await db.transaction(async (tx) => {
    const before = await patternOf(tx, actor.orgId);
    await tx
      .insert(databaseSettings)
      .values({ orgId: actor.orgId, namePattern })
      .onConflictDoUpdate({ target: databaseSettings.orgId, set: { namePattern } });
    await recordAudit(
      tx,
      {
        kind: "database-settings.changed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind: "organisation", id: actor.orgId, name: "" },
        ip: actor.ip,
        data: { before, after: namePattern },
      },
      clock.now(),
    );
  });
}
