// What goes on record in any room and is worth telling somebody of: the audit log is read like any receiver of it does, with a cursor, so that no room has
// to know of notices, nothing is lost when a hub dies, and of several hubs one tells.
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { chainHeads } from "../audit/checkpoints.ts";
import { type AuditData, type AuditRow, auditEvents, auditExportCursors } from "../audit/schema.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Transaction } from "../platform/database.ts";
import { type NoticeEvent, notify } from "./notify.ts";

export const readAuditEveryMs = 1_000;

/** The cursor's name among those of receivers; no file and no address is called so. */
const target = "notices";
/** Events of these kinds a turn; each is a few rows. */
const eventsAtOnce = 100;

type Deps = {
  db: Database;
  clock: Clock /** An asset's name; its id when it is gone. */;
  assetName(tx: Transaction, orgId: string, id: string): Promise<string>;
};
type Told = NoticeEvent | null;

const told: Record<string, (row: AuditRow, deps: Deps, tx: Transaction) => Promise<Told> | Told> = {
  "account.rotation-failed": async ({ orgId, at, subjectId, subjectName, data }, { assetName }, tx) => {
    const assetId = textOf(data, "assetId");
    return {
      kind: "account.rotation-failed",
      orgId,
      // It is tried again and again; once a day is enough to hear of it.
      key: `rotation-failed/${subjectId ?? ""}/${at.toISOString().slice(0, 10)}`,
      data: {
        assetId,
        asset: await assetName(tx, orgId, assetId),
        account: subjectName ?? "",
        code: textOf(data, "code"),
        attempt: Number(data["attempt"] ?? 1),
      },
    };
  },
  "host-key.changed": ({ orgId, subjectId, subjectName, data }) => ({
    kind: "host-key.changed",
    orgId,
    data: {
      assetId: subjectId ?? "",
      asset: subjectName ?? "",
      pinned: textOf(data, "pinned"),
      offered: textOf(data, "offered"),
    },
  }),
  "person.locked": ({ orgId, subjectId, subjectName, ip, data }) => ({
    kind: "person.locked",
    orgId,
    data: { personId: subjectId ?? "", person: subjectName ?? "", until: textOf(data, "until"), address: ip ?? "" },
  }),
  "agent.duplicate-seen": ({ orgId, subjectId, subjectName, data }) => ({
    kind: "agent.duplicate",
    orgId,
    data: { agentId: subjectId ?? "", agent: subjectName ?? "", addresses: textOf(data, "addresses") },
  }),
};

/** What a ticket is after the event; without one for what leaves it as it is. */
const ticketStates: Record<string, (data: AuditData) => string> = {
  "ticket.submitted": () => "pending",
  "ticket.decided": ({ decision }) => (decision === "reject" ? "rejected" : "pending"),
  "ticket.approved": () => "approved",
  "ticket.withdrawn": () => "withdrawn",
  "ticket.escalated": () => "pending",
  "ticket.lapsed": () => "lapsed",
  "ticket.ended": () => "ended",
};

for (const [kind, stateOf] of Object.entries(ticketStates))
  told[kind] = ({ orgId, seq, at, subjectId, subjectName, data }) => ({
    kind: "ticket.changed",
    orgId,
    data: {
      ticketId: subjectId ?? "",
      ticket: subjectName ?? "",
      change: kind,
      state: stateOf(data),
      sequence: seq,
      at: at.toISOString(),
    },
  });

const textOf = (data: AuditData, name: string): string => String(data[name] ?? "");

/** Tells of what is new on record. What was there before the hub knew of notices is not news. */
export async function tellFromAudit(deps: Deps): Promise<void> {
  for (const { org, seq } of await chainHeads(deps.db)) await deps.db.transaction((tx) => tellOf(tx, deps, org, seq));
}

async function tellOf(tx: Transaction, deps: Deps, orgId: string, head: number): Promise<void> {
  const its = and(eq(auditExportCursors.target, target), eq(auditExportCursors.orgId, orgId));
  const [cursor] = await tx.select().from(auditExportCursors).where(its).for("update", { skipLocked: true });
  if (cursor === undefined) {
    // Another hub holds it, or there is none yet.
    await tx.insert(auditExportCursors).values({ target, orgId, seq: head }).onConflictDoNothing();
    return;
  }
  if (cursor.seq === head) return;
  const rows = await tx
    .select()
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.orgId, orgId),
        gt(auditEvents.seq, cursor.seq),
        sql`${auditEvents.seq} <= ${head}`,
        inArray(auditEvents.kind, Object.keys(told)),
      ),
    )
    .orderBy(asc(auditEvents.seq))
    .limit(eventsAtOnce);
  for (const row of rows) {
    const event = await told[row.kind]?.(row, deps, tx);
    if (event != null) await notify(tx, event, deps.clock.now());
  }
  // An older database was put back when the head is behind: what is written from here on is new.
  const seq = rows.length < eventsAtOnce ? head : (rows.at(-1)?.seq ?? head);
  await tx.update(auditExportCursors).set({ seq }).where(its);
}
