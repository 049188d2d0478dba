// What opening has in common, whatever is opened: rules are asked, then the row, then the thing itself, then the grant once more.
import { eq } from "drizzle-orm";
import { type Authorization, stillHolds } from "../access/authorize.ts";
import type { AuditEventOf } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { auditActor } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { SessionDeps } from "./deps.ts";
import { closeSession, endSession } from "./end-session.ts";
import { type SessionRow, sessions } from "./schema.ts";

type Opened = { [Kind in "session.opened" | "dial.opened"]: { kind: Kind; data: AuditEventOf[Kind] } }[
  | "session.opened"
  | "dial.opened"];

/**
 * @param begin makes it live: registered and running when it resolves. The grant is read after that, so that a revocation that
 *   comes between is seen either by its own sweep or here.
 * @throws HubError `rule-refused`, `review-needed`, `storage-full` before anything is written; otherwise as `begin`.
 */
export async function openSession<Live extends { id: string }>(
  deps: SessionDeps,
  authorization: Authorization,
  row: SessionRow,
  opened: Opened,
  begin: () => Promise<Live>,
): Promise<Live> {
  const { db, clock } = deps;
  const { actor, target } = authorization;
  await deps.rules.beforeOpening(authorization, row);
  deps.store.room.assertMayBegin();
  await db.transaction(async (tx) => {
    await tx.insert(sessions).values(row);
    await recordAudit(tx, {
      ...opened,
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "session", id: row.id, name: target.asset.name },
      ip: actor.ip,
    });
  });
  try {
    const live = await begin();
    if (!(await stillHolds(db, authorization, clock.now()))) {
      await endSession(deps, live.id, { reason: "grant-revoked", by: null });
      throw new HubError("no-grant", "The grant was withdrawn while this was being opened.", {
        facts: { action: authorization.action },
      });
    }
    await db.update(sessions).set({ state: "live" }).where(eq(sessions.id, row.id));
    deps.changes.announce(row.orgId, "sessions", row.id);
    return live;
  } catch (error) {
    deps.log.warn({ session: row.id, kind: row.kind, ...errorFields(error) }, "not opened");
    const reason = error instanceof HubError && error.code === "storage-full" ? "storage-full" : "open-failed";
    await closeSession(deps, row.id, { reason, by: null, exitCode: null, signal: null });
    throw error;
  }
}
