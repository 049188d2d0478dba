// Sessions as the console sees them.
import type { LiveDials } from "./live-dial.ts";
import type { LiveSessions } from "./live-sessions.ts";
import type { SessionWithNames } from "./sessions.ts";

export function presentSession(
  { session, assetName, userName, emergency }: SessionWithNames,
  { live, dials }: { live: LiveSessions; dials: LiveDials },
  isOnline: (agentId: string) => boolean,
  now: Date,
) {
  const running = live.get(session.id);
  return {
    id: session.id,
    kind: session.kind,
    state: session.state,
    asset: { id: session.assetId, name: assetName },
    user: { id: session.userId, name: userName },
    account: session.account,
    emergency,
    port: session.port,
    startedAt: session.startedAt.toISOString(),
    endedAt: session.endedAt?.toISOString() ?? null,
    durationMs: (session.endedAt ?? now).getTime() - session.startedAt.getTime(),
    endReason: session.endReason,
    exitCode: session.exitCode,
    signal: session.signal,
    outputBytes: running?.outputEnd ?? dials.get(session.id)?.receivedBytes ?? session.outputBytes,
    viewers: running?.viewers ?? 0,
    agentOnline: isOnline(session.agentId),
  };
}
