// The hub answered Hello: streams go on where it says, executions go as it says, and frames may flow. Idempotent.
import { clockSkewMsMax, heartbeatIntervalMs } from "@sallyport/protocol/limits";
import type { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import { StreamFault } from "@sallyport/protocol/stream/stream-fault";
import { isNode } from "@sallyport/protocol/topics";
import { wire } from "@sallyport/protocol/wire";
import { heartbeatIntervalMsMin } from "../heartbeat.ts";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

/** TERM, then KILL, when the hub's verdict is to stop. */
const stopGraceSeconds = 10;

export function onWelcome(parts: AgentParts, welcome: wire.Welcome.$Properties): void {
  const { identity, link, log, clock, mux, sessions, runs, transfers, heartbeat } = parts;
  if (welcome.hubId !== identity.hubId || !isNode(welcome.node ?? "")) {
    log.error(`the hub calls itself ${welcome.hubId ?? ""}, expected ${identity.hubId}`);
    link.drop();
    return;
  }
  clock.set(welcome.hubTimeMs ?? 0);
  if (Math.abs(clock.skewMs) > clockSkewMsMax)
    log.warn(`this host's clock is ${Math.round(clock.skewMs / 1_000)} s off the hub's`);

  const positions = new Map((welcome.streams ?? []).map((position) => [position.stream ?? 0, position]));
  for (const end of [...mux.streams()]) {
    const position = positions.get(end.stream);
    if (position !== undefined && resume(end, position)) continue;
    log.warn(`stream ${end.stream} does not go on`);
    mux.remove(end.stream);
    sessions.get(end.stream)?.abandon();
    runs.dropOutput(end.stream);
  }
  for (const verdict of welcome.journal ?? []) obey(parts, verdict);
  parts.auditHeads.note(welcome.auditHead);

  const frames = link.welcome(welcome.node ?? "");
  if (frames === null) return;
  sessions.linkBack();
  mux.attach(frames);
  transfers.linkBack();
  heartbeat.start(Math.max(heartbeatIntervalMsMin, welcome.heartbeatIntervalMs || heartbeatIntervalMs));
  runs.linkBack();
}

/** False when the hub asks for what is gone: the stream cannot go on without a hole, so it does not go on. */
function resume(end: StreamEnd, position: wire.StreamPosition.$Properties): boolean {
  try {
    for (const { channel, received, credit, durable } of position.outputs ?? [])
      end.outgoing.get(channel ?? 0)?.resumeAt(received ?? 0, credit ?? 0, durable ?? 0);
    return true;
  } catch (error) {
    if (error instanceof StreamFault) return false;
    throw error;
  }
}

function obey({ runs }: AgentParts, verdict: wire.JournalVerdict.$Properties): void {
  const key = executionKeyOf(verdict);
  const execution = key === null ? undefined : runs.get(key);
  if (key === null || execution === undefined) return;
  switch (verdict.action) {
    case wire.JournalAction.JOURNAL_FORGET:
      runs.forget(key);
      return;
    case wire.JournalAction.JOURNAL_STOP:
      runs.stop(execution, stopGraceSeconds);
      return;
    default:
      return; // a verdict of a later version
  }
}
