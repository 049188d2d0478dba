// What a terminal's link is doing, as a value. Knows nothing of sockets, timers or bytes.
//
//                 opened                       lost
//  connecting ──────────────► live ─────────────────────────► waiting
//    ▲   │                     ▲                                │  ▲
//    │   │ lost, with a        │ opened                 dialled │  │ lost
//    │   │ session to rejoin   └───────────── rejoining ◄───────┘  │
//    │   └──────────────────────────────────────┬──────────────────┘
//    │ dialled again: nothing had been asked    │
//    └──────────────────────────────────────────┘
//  rejoining ── the agent is not back yet ──► waiting
//  any ── ended | refused ──► ended        ended never changes again
//
// An `open` that was sent but never answered is not repeated: the shell may exist, and a second one would be a surprise.
import type { EndReason } from "../api/types.ts";

export type Ending =
  | { kind: "ended"; reason: EndReason; exitCode: number | null; signal: string | null }
  | { kind: "refused"; code: string; message: string; facts: Record<string, string | number> };

export interface LinkState {
  phase: "connecting" | "live" | "waiting" | "rejoining" | "ended";
  sessionId: string | null;
  assetName: string | null;
  account: string | null;
  /** False for a colleague who watches: the hub takes no input from them. */
  owner: boolean;
  /** The last answer of an SQL terminal may be taken along. */
  answers: boolean;
  /** An `open` is on its way and its answer unknown. */
  asked: boolean;
  /** Dials since the link was last live. */
  attempt: number;
  lostAtMs: number | null;
  /** How long the last interruption was; null when there was none. */
  resumedAfterMs: number | null;
  /** How often it was resumed; tells one interruption from the next of the same length. */
  resumes: number;
  agentOnline: boolean;
  /** Since when the agent's link to the hub is down, as far as this window was told; null while it stands. */
  agentAwaySinceMs: number | null;
  agentRoundTripUs: number | null;
  roundTripMs: number | null;
  viewers: number;
  ending: Ending | null;
}

export type LinkEvent =
  | { type: "dialled" }
  | { type: "asked" }
  | { type: "opened"; sessionId: string; assetName: string; account: string; owner: boolean; answers: boolean; atMs: number }
  | { type: "lost"; atMs: number }
  /** The hub is there, but knows the session only from its books until the agent is back. */
  | { type: "agent-awaited"; atMs: number }
  | { type: "agent"; online: boolean; roundTripUs: number | null; atMs: number }
  | { type: "pong"; roundTripMs: number }
  | { type: "viewers"; count: number }
  | { type: "finished"; ending: Ending };

export function newLink(sessionId: string | null): LinkState {
  return {
    phase: "connecting",
    sessionId,
    assetName: null,
    account: null,
    owner: true,
    answers: false,
    asked: false,
    attempt: 0,
    lostAtMs: null,
    resumedAfterMs: null,
    resumes: 0,
    agentOnline: true,
    agentAwaySinceMs: null,
    agentRoundTripUs: null,
    roundTripMs: null,
    viewers: 1,
    ending: null,
  };
}

export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  if (state.phase === "ended") return state;
  switch (event.type) {
    case "dialled":
      return { ...state, phase: state.lostAtMs === null ? "connecting" : "rejoining", attempt: state.attempt + 1 };
    case "asked":
      return { ...state, asked: true };
    case "opened": {
      const { sessionId, assetName, account, owner, answers } = event;
      const resumedAfterMs = state.lostAtMs === null ? null : event.atMs - state.lostAtMs;
      return {
        ...state,
        phase: "live",
        sessionId,
        assetName,
        account,
        owner,
        answers,
        asked: false,
        attempt: 0,
        lostAtMs: null,
        resumedAfterMs,
        resumes: state.resumes + (resumedAfterMs === null ? 0 : 1),
      };
    }
    case "lost":
      if (state.asked) return { ...state, phase: "ended", ending: openUnanswered };
      return { ...state, phase: "waiting", lostAtMs: state.lostAtMs ?? event.atMs, roundTripMs: null };
    case "agent":
      return {
        ...state,
        agentOnline: event.online,
        agentAwaySinceMs: event.online ? null : (state.agentAwaySinceMs ?? event.atMs),
        agentRoundTripUs: event.roundTripUs,
      };
    case "agent-awaited":
      return {
        ...state,
        phase: "waiting",
        lostAtMs: state.lostAtMs ?? event.atMs,
        roundTripMs: null,
        agentOnline: false,
        agentAwaySinceMs: state.agentAwaySinceMs ?? event.atMs,
      };
    case "pong":
      return { ...state, roundTripMs: event.roundTripMs };
    case "viewers":
      return { ...state, viewers: event.count };
    case "finished":
      return { ...state, phase: "ended", ending: event.ending };
  }
}

const openUnanswered: Ending = {
  kind: "refused",
  code: "open-unanswered",
  message: "The connection broke before the terminal opened.",
  facts: {},
};
