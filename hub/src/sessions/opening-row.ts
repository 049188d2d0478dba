// The row of a session that is about to be opened.
import { newId } from "@sallyport/protocol/ids";
import type { Authorization } from "../access/authorize.ts";
import type { SessionRow } from "./schema.ts";

/** What one kind of session differs from another in. size: of a terminal. port: of a connection. */
type Opening = Pick<SessionRow, "kind" | "agentId" | "account"> & {
  size?: { columns: number; rows: number };
  port?: number;
  id?: string;
};

export function openingRow(
  { actor, target, grantId, as, protocol }: Authorization,
  { kind, agentId, account, size, port, id }: Opening,
  now: Date,
): SessionRow {
  return {
    id: id ?? newSessionId(now),
    orgId: actor.orgId,
    kind,
    assetId: target.asset.id,
    agentId,
    userId: actor.id,
    grantId,
    account,
    accountChoice: as.account?.id ?? as.choice,
    protocol,
    address: actor.ip,
    port: port ?? null,
    state: "opening",
    stream: null,
    columns: size?.columns ?? 0,
    rows: size?.rows ?? 0,
    startedAt: now,
    endedAt: null,
    endReason: null,
    endedBy: null,
    exitCode: null,
    signal: null,
    outputBytes: 0,
    logHead: null,
  };
}

export const newSessionId = (now: Date): string => newId("ses", now.getTime());
