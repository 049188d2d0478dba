// Ends sessions. Asking an agent to end one and noting that it ended are two things; both are safe to repeat.
import { and, eq, ne } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor, may } from "../identity/actor.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { SessionDeps } from "./deps.ts";
import { sessions } from "./schema.ts";
import type { EndReason } from "./session-state.ts";
import { findSession } from "./sessions.ts";

export type Ending = { reason: EndReason; by: Actor | null };
type Closed = Ending & { exitCode: number | null; signal: string | null };

/** A person ends a session: his own, or another's with the permission. @throws HubError `not-found`, `forbidden`. */
export async function endSessionByPerson(deps: SessionDeps, actor: Actor, id: string): Promise<void> {
  const found = await findSession(deps.db, actor.orgId, id);
  const own = found?.session.userId === actor.id;
  if (found === null || (!own && !may(actor, "sessions.end") && !may(actor, "sessions.read-all"))) throw notFound("session");
  if (!own && !may(actor, "sessions.end"))
    throw new HubError("forbidden", "Ending another person's session needs the permission sessions.end.", {
      facts: { permission: "sessions.end" },
    });
  await endSession(deps, id, { reason: own ? "ended-by-user" : "ended-by-admin", by: actor });
}

/**
 * Ends a session now. Its windows are closed and its row says why when this resolves; the shell gets a hang-up,
 * or gets it when its agent is next heard: an agent that links finds the stream gone.
 */
export async function endSession(deps: SessionDeps, id: string, ending: Ending): Promise<void> {
  deps.live.get(id)?.close(ending.reason);
  deps.dials.get(id)?.close(ending.reason);
  await closeSession(deps, id, { ...ending, exitCode: null, signal: null });
}

/** Notes the end, once; later calls find it ended. The log is closed first, so that its last hash is in the row. */
export function closeSession(deps: SessionDeps, id: string, closed: Closed): Promise<void> {
  return deps.live.closeOnce(id, () => close(deps, id, closed));
}

async function close(deps: SessionDeps, id: string, closed: Closed): Promise<void> {
  const { db, clock, live, dials } = deps;
  const session = live.get(id);
  const dial = dials.get(id);
  live.remove(id);
  dials.remove(id);
  if (session !== undefined) {
    session.seal();
    await session.log.close().catch((error: unknown) => deps.log.error({ session: id, ...errorFields(error) }, "log not closed"));
    // The agent may forget the stream only now that the log is safe.
    session.close(closed.reason);
  }
  const left = session === undefined ? await sealLeftOver(deps, id) : null;
  const orgId = await db.transaction(async (tx) => {
    const [row] = await tx
      .update(sessions)
      .set({
        state: "ended",
        endedAt: clock.now(),
        endReason: closed.reason,
        endedBy: closed.by?.id ?? null,
        exitCode: closed.exitCode,
        signal: closed.signal,
        ...(session === undefined
          ? { logHead: left }
          : { outputBytes: session.outputEnd, logHead: session.log.head, columns: session.columns, rows: session.rows }),
        ...(dial === undefined ? {} : { outputBytes: dial.receivedBytes }),
      })
      .where(and(eq(sessions.id, id), ne(sessions.state, "ended")))
      .returning({ orgId: sessions.orgId, assetId: sessions.assetId, port: sessions.port });
    if (row === undefined) return null;
    const [asset] = await tx.select({ name: assets.name }).from(assets).where(eq(assets.id, row.assetId));
    const ended =
      row.port === null
        ? { kind: "session.ended" as const, data: { reason: closed.reason, exitCode: closed.exitCode } }
        : {
            kind: "dial.ended" as const,
            data: {
              reason: closed.reason,
              port: row.port,
              sentBytes: dial?.sentBytes ?? 0,
              receivedBytes: dial?.receivedBytes ?? 0,
            },
          };
    await recordAudit(tx, {
      ...ended,
      orgId: row.orgId,
      actor: closed.by === null ? null : auditActor(closed.by),
      subject: { kind: "session", id, name: asset?.name ?? "" },
      ip: closed.by?.ip ?? null,
    });
    return row.orgId;
  });
  session?.leave();
  dial?.close(closed.reason);
  dial?.leave(closed.reason);
  if (orgId !== null) deps.changes.announce(orgId, "sessions", id);
}

/** The recording of a session whose hub process died, and which nobody goes on with. */
function sealLeftOver({ store, log }: SessionDeps, id: string): Promise<string | null> {
  return store.seal(id).catch((error: unknown) => {
    log.error({ session: id, ...errorFields(error) }, "left-over recording not sealed");
    return null;
  });
}
