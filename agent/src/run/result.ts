// How an execution's end is told to the hub. Pure.
import { textBytesMax } from "@sallyport/protocol/limits";
import { wire } from "@sallyport/protocol/wire";
import type { ArtefactState, Collected } from "./artefacts-record.ts";
import type { ExitEnd, ExitRecord } from "./exit-record.ts";
import { type Placed, wirePlaced } from "./placed-record.ts";
import type { ExecutionKey } from "./run-order.ts";

/** OrderOutcome.message and RunResult.message on the wire. */
const messageBytesMax = 512;

const ends: Record<ExitEnd, wire.RunEnd> = {
  exited: wire.RunEnd.RUN_EXITED,
  timeout: wire.RunEnd.RUN_TIMEOUT,
  stopped: wire.RunEnd.RUN_STOPPED,
  "spawn-failed": wire.RunEnd.RUN_SPAWN_FAILED,
  refused: wire.RunEnd.RUN_REFUSED,
  "agent-restarted": wire.RunEnd.RUN_AGENT_RESTARTED,
  unknown: wire.RunEnd.RUN_UNKNOWN,
  "not-placed": wire.RunEnd.RUN_NOT_PLACED,
  unreachable: wire.RunEnd.RUN_UNREACHABLE,
  lost: wire.RunEnd.RUN_LOST,
};

const artefactStates: Record<ArtefactState, wire.ArtefactState> = {
  collected: wire.ArtefactState.ARTEFACT_COLLECTED,
  "beyond-cap": wire.ArtefactState.ARTEFACT_BEYOND_CAP,
  unreadable: wire.ArtefactState.ARTEFACT_UNREADABLE,
  "no-file": wire.ArtefactState.ARTEFACT_NO_FILE,
  "not-there": wire.ArtefactState.ARTEFACT_NOT_THERE,
  "no-room": wire.ArtefactState.ARTEFACT_NO_ROOM,
  stopped: wire.ArtefactState.ARTEFACT_STOPPED,
};

/** @param hubTime turns this host's clock into the hub's. */
export function runResult(
  { executionId, attempt }: ExecutionKey,
  exit: ExitRecord,
  { placed, collected }: { placed: readonly Placed[]; collected: Collected | null },
  hubTime: (wallMs: number) => number,
): wire.RunResult.$Properties {
  return {
    executionId,
    attempt,
    end: ends[exit.end],
    exited: exit.exitCode !== null,
    exitCode: exit.exitCode ?? 0,
    signal: exit.signal ?? "",
    startedAtMs: exit.startedAtMs === 0 ? 0 : hubTime(exit.startedAtMs),
    endedAtMs: hubTime(exit.endedAtMs),
    stdoutBytes: exit.stdoutBytes,
    stderrBytes: exit.stderrBytes,
    truncated: exit.stdoutDropped + exit.stderrDropped > 0,
    message: capped(messageOf(exit)),
    refusal: exit.refusal ?? "",
    files: placed.map(wirePlaced),
    artefactBytes: collected?.bytes ?? 0,
    artefacts: (collected?.listed ?? []).map(({ path, size, state }) => ({
      path: capped(path, textBytesMax),
      size,
      state: artefactStates[state],
    })),
    artefactsUnlisted: collected?.unlisted ?? 0,
  };
}

function messageOf({ message, stdoutDropped, stderrDropped }: ExitRecord): string {
  if (stdoutDropped + stderrDropped === 0) return message;
  return `${message || "More was printed than is kept."} Dropped: ${stdoutDropped} bytes of stdout, ${stderrDropped} of stderr.`;
}

/** At most so many bytes, cut between characters. */
export function capped(text: string, bytesMax = messageBytesMax): string {
  const bytes = Buffer.from(text);
  return bytes.length <= bytesMax
    ? text
    : bytes
        .subarray(0, bytesMax - 3)
        .toString()
        .replace(/\uFFFD$/, "");
}
