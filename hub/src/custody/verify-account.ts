// Signs in as an account with its stored secret and writes down whether it let us in.
import { eq } from "drizzle-orm";
import type { AssetInZone } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { CustodyDeps } from "./deps.ts";
import { saysNothingOfSecret } from "./outcome.ts";
import type { TaskRow } from "./schema.ts";
import { type Attempt, auditBy } from "./task-record.ts";
import { signInAs } from "./test-connection.ts";

/** What was not asked of the asset leaves the last word on the secret as it was; the task says what stood in the way. */
export async function verifyAccount(
  deps: CustodyDeps,
  task: TaskRow,
  { target, account }: { target: AssetInZone; account: AccountRow },
): Promise<Attempt> {
  const { db, clock } = deps.assets;
  const { code, tried } = await signInAs(deps, target, account);
  const works = code === "works";
  await db.transaction(async (tx) => {
    if (!saysNothingOfSecret(code))
      await tx
        .update(accounts)
        .set({ checkedAt: clock.now(), checkFailure: works ? null : code })
        .where(eq(accounts.id, account.id));
    await recordAudit(
      tx,
      { ...auditBy(task, account), kind: "account.checked", data: { assetId: account.assetId, works, code } },
      clock.now(),
    );
  });
  return { code, agent: tried.at(-1)?.agent.name ?? null };
}
