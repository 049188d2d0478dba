// What handlers work with. Made once in agent.ts; nothing else is shared.
import type { KeyObject } from "node:crypto";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import type { AuditHeads } from "./audit/audit-heads.ts";
import type { Config } from "./config.ts";
import type { Transfers } from "./files/transfers.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { HubClock } from "./hub-clock.ts";
import type { Link } from "./link/link.ts";
import type { Log } from "./log.ts";
import type { OrderGate } from "./orders/order-gate.ts";
import type { Policy } from "./policy.ts";
import type { ApprovalUses } from "./run/approval-uses.ts";
import type { Journal } from "./run/journal.ts";
import type { Runs } from "./run/runs.ts";
import type { Sessions } from "./session/sessions.ts";
import type { HubAsks } from "./ssh/hub-asks.ts";
import type { Identity } from "./state/identity.ts";

export type AgentParts = {
  identity: Identity;
  hubKey: KeyObject;
  policy: Policy;
  config: Config;
  log: Log;
  clock: HubClock;
  gate: OrderGate;
  mux: StreamMux;
  link: Link;
  heartbeat: Heartbeat;
  sessions: Sessions;
  journal: Journal;
  runs: Runs;
  approvalUses: ApprovalUses;
  transfers: Transfers;
  asks: HubAsks;
  auditHeads: AuditHeads;
};
