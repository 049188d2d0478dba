// Puts a gate before the lines of a terminal that a rule looks at, and takes it away: when it opens, when it goes on, and when rules or what they name change.
import { inArray } from "drizzle-orm";
import type { LogStore } from "../logs/log-store.ts";
import type { SessionDeps } from "./deps.ts";
import { LineGate } from "./line-gate.ts";
import { LineScreen } from "./line-screen.ts";
import type { LiveSession } from "./live-session.ts";
import { type SessionRow, sessions } from "./schema.ts";

/** A screen's worth and more: what stands in the line of the cursor was printed in it. */
const printedBytes = 64 * 1024;

type Deps = Pick<SessionDeps, "rules" | "links" | "store">;

export async function guardLines(deps: Deps, session: LiveSession, row: SessionRow): Promise<void> {
  setGate(deps, session, row, (await deps.rules.lookedAt([row])).has(row.id));
}

function setGate({ rules, links, store }: Deps, session: LiveSession, row: SessionRow, isLookedAt: boolean): void {
  if (!isLookedAt) {
    session.guard(null);
    return;
  }
  const late = session.outputEnd > 0;
  session.guard(
    (forward) =>
      new LineGate({
        screen: new LineScreen(session.columns, session.rows, late ? lastPrinted(session, store) : null),
        late,
        judge: (line) => rules.judge(row, line),
        forward,
        onWaiting: () => session.onInputTaken(),
        onState: (state) => session.onLine(state),
        roundTripMs: () => (links.roundTrips(row.agentId).at(-1)?.us ?? 0) / 1_000,
      }),
  );
}

async function lastPrinted(session: LiveSession, store: LogStore): Promise<Uint8Array> {
  const end = session.outputEnd;
  const from = Math.max(0, end - printedBytes);
  const parts: Buffer[] = [];
  for (let at = from; at < end; at += parts.at(-1)?.length ?? 0) {
    const part = session.readRecent(at, end - at) ?? (await fromLog(session, store, at, end - at));
    if (part.length === 0) break; // it ended with a part that was lost
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}

async function fromLog(session: LiveSession, store: LogStore, offset: number, max: number): Promise<Uint8Array> {
  await session.log.flush();
  return session.readLog(store, offset, max);
}

/** Of an organisation, the terminals that are open. */
export async function guardTerminals(deps: SessionDeps, orgId: string): Promise<void> {
  const open = deps.live.all().filter((session) => session.orgId === orgId);
  if (open.length === 0) return;
  const rows = await deps.db
    .select()
    .from(sessions)
    .where(
      inArray(
        sessions.id,
        open.map(({ id }) => id),
      ),
    );
  const shells = rows.filter(({ kind }) => kind === "shell");
  const looked = await deps.rules.lookedAt(shells);
  for (const row of shells) {
    const session = deps.live.get(row.id);
    if (session !== undefined) setGate(deps, session, row, looked.has(row.id));
  }
}
