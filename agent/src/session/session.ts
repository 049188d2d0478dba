// A person's live access through this agent: what every kind of session can do, whatever stands behind its bytes.
import type { Closing, StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { wire } from "@sallyport/protocol/wire";

export interface Session {
  readonly sessionId: string;
  readonly end: StreamEnd;
  /** The process is gone; its last output may still be on its way. */
  readonly ended: boolean;
  /** No link: from now on the time counts that the session may live without one. */
  linkLost(): void;
  linkBack(): void;
  /** Ends it at once, whatever has not been sent is dropped. */
  abandon(): void;
}

/** What `Hello` says of a session. */
export function liveStreamOf({ sessionId, end, ended }: Session): wire.LiveStream.$Properties {
  return {
    stream: end.stream,
    subjectId: sessionId,
    outputs: [...end.outgoing.values()].map(({ channel, source }) => ({ channel, start: source.start, end: source.end })),
    inputReceived: [...end.incoming.values()][0]?.received ?? 0,
    ended,
  };
}

/** CLOSE of a session whose process ended by itself. */
export function closingOf({ exitCode, signal }: { exitCode: number | null; signal: string | null }): Closing {
  return { exitCode, reason: signal ?? "exit" };
}
