// An agent is back: its terminals go on where the log ends. Idempotent; also the way sessions survive a restart of the hub.

import { isId } from "@sallyport/protocol/ids";
import type { wire } from "@sallyport/protocol/wire";
import { and, eq, inArray } from "drizzle-orm";
import { mayGoOn } from "../access/recheck.ts";
import { errorFields } from "../platform/log.ts";
import type { SessionDeps } from "./deps.ts";
import { workOf } from "./end-forbidden.ts";
import { closeSession, endSession } from "./end-session.ts";
import { guardLines } from "./guard-lines.ts";
import { LiveSession } from "./live-session.ts";
import { type SessionRow, sessions } from "./schema.ts";

/** One that is being opened is in no process yet; its server has a few seconds to let it in, through three agents at most. */
const sqlOpeningMs = 60_000;

/** Returns where each surviving stream goes on. Streams not returned are ended by the agent. */
export async function onHello(
  deps: SessionDeps,
  agent: { id: string; orgId: string },
  streams: wire.LiveStream.$Properties[],
): Promise<wire.StreamPosition.$Properties[]> {
  const rows = await deps.unendedOf(agent.id);
  // Named twice it goes on once: two writers of one log would be none.
  const told = [...new Map(streams.map((stream) => [stream.subjectId, stream])).values()].flatMap((stream) => {
    const row = rows.find((one) => one.id === stream.subjectId && one.kind !== "sql");
    return row === undefined || !isId("ses", row.id) ? [] : [{ row, stream }];
  });
  const returning = told.map(({ row }) => row).filter(({ id, kind }) => kind !== "dial" && deps.live.get(id) === undefined);
  const { on } = await mayGoOn(deps.db, returning.map(workOf), deps.clock.now());
  const positions = await Promise.all(
    told.map(async ({ row, stream }) => {
      if (returning.includes(row) && !on.has(row.id)) {
        await endSession(deps, row.id, { reason: "grant-revoked", by: null });
        return [];
      }
      const position =
        row.kind === "dial"
          ? dialPosition(deps, agent.id, row.id, stream)
          : await goOn(deps, row, stream).catch((error: unknown) => {
              deps.log.error({ session: row.id, ...errorFields(error) }, "session could not go on");
              return null;
            });
      if (position !== null) return [position];
      await endSession(deps, row.id, { reason: "hub-failed", by: null });
      return [];
    }),
  );
  // An SQL terminal is the hub's own: it lives as long as this process has it, whatever its agent says.
  const opensSince = deps.clock.now().getTime() - sqlOpeningMs;
  for (const { id, state, startedAt } of rows.filter(({ kind }) => kind === "sql"))
    if (deps.live.get(id) === undefined && (state === "live" || startedAt.getTime() < opensSince))
      await closeSession(deps, id, { reason: "hub-failed", by: null, exitCode: null, signal: null });
  // The agent knows nothing of the others: it was restarted, or its host was.
  for (const row of rows)
    if (
      row.kind !== "sql" &&
      !told.some((one) => one.row === row) &&
      (row.state === "live" || (deps.live.get(row.id) ?? deps.dials.get(row.id)) === undefined)
    )
      await closeSession(deps, row.id, { reason: "agent-lost", by: null, exitCode: null, signal: null });
  return positions.flat();
}

/** The agent has been welcomed and hears us. */
export function onWelcomed({ live }: SessionDeps, streams: wire.LiveStream.$Properties[]): void {
  for (const { subjectId } of streams) live.get(subjectId ?? "")?.echo.askAgain();
}

/** A connection goes on while this process lives; nothing of it is kept for another. */
function dialPosition(
  { dials, links }: SessionDeps,
  agentId: string,
  id: string,
  { stream = 0, outputs, inputReceived }: wire.LiveStream.$Properties,
): wire.StreamPosition.$Properties | null {
  const dial = dials.get(id);
  const held = { start: outputs?.[0]?.start ?? 0, end: outputs?.[0]?.end ?? 0 };
  const position = dial?.goOn(stream ?? 0, held, inputReceived ?? 0);
  if (dial === undefined || position === undefined || position === null) return null;
  dial.join(links.streamsOf(agentId));
  return { stream: dial.end.stream, ...position };
}

async function goOn(
  deps: SessionDeps,
  row: SessionRow,
  stream: wire.LiveStream.$Properties,
): Promise<wire.StreamPosition.$Properties | null> {
  const held = stream.outputs?.[0];
  const inputReceived = stream.inputReceived ?? 0;
  const number = stream.stream ?? 0;
  const session = deps.live.get(row.id) ?? (await recover(deps, row, number, inputReceived));
  const { received, credit, durable } = session.outputReceived;
  // The agent has forgotten bytes this log never got: a restored backup, or a lie. A recording with a hole is none.
  if (
    session.end.stream !== number ||
    received < (held?.start ?? 0) ||
    received > (held?.end ?? 0) ||
    inputReceived > session.inputEnd
  )
    return null;
  session.resumeInput(inputReceived);
  session.join(deps.links.streamsOf(row.agentId));
  return { stream: number, outputs: [{ channel: 0, received, credit, durable }], inputEnd: session.inputEnd };
}

async function recover(deps: SessionDeps, row: SessionRow, stream: number, inputStart: number): Promise<LiveSession> {
  const { live } = deps;
  const log = await deps.store.reopen(row.id, {
    onDurable: (output) => live.get(row.id)?.onDurable(output),
    onFailure: () => void endSession(deps, row.id, { reason: "storage-full", by: null }),
  });
  const session = new LiveSession({
    id: row.id,
    orgId: row.orgId,
    agentId: row.agentId,
    userId: row.userId,
    columns: row.columns,
    rows: row.rows,
    stream,
    inputStart,
    log,
    clock: deps.clock,
    askEcho: (number, on) => deps.links.get(row.agentId)?.send({ watchEcho: { stream: number, on } }),
    onClosed: (closing) =>
      void closeSession(deps, row.id, {
        reason: "exit",
        by: null,
        exitCode: closing.exitCode,
        signal: closing.reason === "exit" ? null : closing.reason,
      }),
  });
  await guardLines(deps, session, row);
  live.add(session);
  await deps.db
    .update(sessions)
    .set({ state: "live", stream })
    .where(and(eq(sessions.id, row.id), inArray(sessions.state, ["opening", "live"])));
  return session;
}
