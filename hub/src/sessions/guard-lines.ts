// Puts a gate before the lines of a terminal that a rule looks at, and takes it away: when it opens, when it goes on, and when rules or what they name change.
import { inArray } from "drizzle-orm";
import type { SessionDeps } from "./deps.ts";
import { LineGate } from "./line-gate.ts";
import { LineScreen } from "./line-screen.ts";
import type { LiveSession } from "./live-session.ts";
import { type SessionRow, sessions } from "./schema.ts";

export async function guardLines(
  { rules, links }: Pick<SessionDeps, "rules" | "links">,
  session: LiveSession,
  row: SessionRow,
): Promise<void> {
  if (!(await rules.looksAt(row))) {
    session.guard(null);
    return;
  }
  session.guard(
    (forward) =>
      new LineGate({
        screen: new LineScreen(session.columns, session.rows),
        judge: (line) => rules.judge(row, line),
        forward,
        onWaiting: () => session.onInputTaken(),
        onState: (state) => session.onLine(state),
        roundTripMs: () => (links.roundTrips(row.agentId).at(-1)?.us ?? 0) / 1_000,
      }),
  );
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
  for (const row of rows) {
    const session = deps.live.get(row.id);
    if (row.kind === "shell" && session !== undefined) await guardLines(deps, session, row);
  }
}
