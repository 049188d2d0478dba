// Life of a session. Pure.
//
//    opening ──agent accepted──► live ──exit, end, detached, revoked, agent lost──► ended
//       └──────────refused, agent gone, hub restarted───────────────────────────────►┘

/**
 * A terminal, which is recorded, with its shell on a host or its SQL in the hub; or a TCP connection, of which only is kept that it was, to where and how
 * much.
 */
export type SessionKind = "shell" | "sql" | "dial";

export type SessionState = "opening" | "live" | "ended";

export const endReasons = [
  "exit",
  "closed",
  "reset",
  "detached",
  "ended-by-user",
  "ended-by-admin",
  "agent-lost",
  "agent-revoked",
  "open-failed",
  "grant-revoked",
  "hub-failed",
  "storage-full",
] as const;
export type EndReason = (typeof endReasons)[number];

export const mayEnd = (state: SessionState): boolean => state !== "ended";
