// Every kind of notice, what it carries, and whom it is for. Closed: what is not here cannot be sent. Values are names, identifiers, counts, reasons and
// a line of output; never secrets.
import type { Permission } from "../identity/schema.ts";
import type { NoticeKind } from "./input.ts";
import type { Severity } from "./message.ts";

/** Moments are ISO 8601. */
type Run = { task: string; taskId: string | null; runId: string | null; by: string };
/** line: the last that it printed, empty when it printed none. */
export type FailedHost = { asset: string; reason: string; exitCode: number | null; line: string };
type Failures = { succeeded: number; failed: number; failures: FailedHost[] };

/** ticket: its title. comment: of whoever decided. endsAt: when what it gave ends, empty when it gave nothing. */
type Decided = { ticketId: string; ticket: string; comment: string; endsAt: string };

export type NoticeOf = {
  /** level: which of its levels waits, from 0. */
  "ticket.waiting": { ticketId: string; ticket: string; by: string; reason: string; level: number };
  "ticket.approved": Decided;
  "ticket.rejected": Decided;
  "ticket.lapsed": Decided;
  /** code: of docs/errors.md. */
  "ticket.not-begun": { ticketId: string; ticket: string; code: string };
  "ticket.ended": Decided;
  /** found: what somebody else had changed. */
  "database-account.drifted": { assetId: string; asset: string; account: string; found: string };
  /**
   * For programs: each step of each ticket. change: the audit event's kind. state: what the ticket is then. sequence: rises with each step of a ticket, and
   * is the event's place in the audit log.
   */
  "ticket.changed": { ticketId: string; ticket: string; change: string; state: string; sequence: number; at: string };
  /** To owners of the assets, the person's manager, and whoever manages requests. assets: names. */
  "access.break-glass": { ticketId: string; by: string; assets: string; reason: string; endsAt: string };
  /** To who is asked to review. left: lines that are not decided. */
  "access.review": { reviewId: string; review: string; due: string; left: number };
  /** To those who manage grants: a reviewer wants it removed, and it cannot be taken from this person alone. */
  "access.review-flagged": { reviewId: string; grantId: string; grant: string; person: string; asset: string; reason: string };
  /** To those whom the grant names. */
  "access.ending": { grantId: string; grant: string; endsAt: string };
  /** To those who manage grants. people, assets: names, the first few. */
  "grant.ending": { grantId: string; grant: string; endsAt: string; people: string[]; assets: string[] };
  "account.rotation-failed": { assetId: string; asset: string; account: string; code: string; attempt: number };
  "host-key.changed": { assetId: string; asset: string; pinned: string; offered: string };
  "person.locked": { personId: string; person: string; until: string; address: string };
  /** agents: those who went at about the same time, the first few; count: all of them. */
  "agent.offline": { count: number; agents: { id: string; name: string; zone: string; since: string }[] };
  "agent.duplicate": { agentId: string; agent: string; addresses: string };
  "run.started": Run & { targets: number };
  "run.succeeded": Run & { targets: number; seconds: number };
  "run.failed": Run & Failures & { seconds: number };
  /** failedBefore: how many runs in a row. */
  "run.recovered": Run & { seconds: number; failedBefore: number };
  "run.failing": Run & Failures & { inARow: number };
  "run.slow": Run & { seconds: number; usualSeconds: number };
  "run.missed": Run & { dueAt: string; why: string };
  /** left: hosts that it did not come to. */
  "run.halted": Run & Failures & { left: number };
};

/** A kind with what belongs to it. */
export type Notice<Kind extends NoticeKind = NoticeKind> = { [K in Kind]: { kind: K; data: NoticeOf[K] } }[Kind];

type Rule<Kind extends NoticeKind> = {
  severity: Severity;
  /** Whoever has it is told, besides those whom the event names. */
  audience: Permission | null;
  /** Whoever has it may follow what such a notice is about, and is told then though the event does not name him. */
  followers?: Permission;
  /** Told to channels only, each by itself: a program must miss none and take them in their order. */
  alone?: true;
  /** Everybody it concerns is told, whatever he has chosen: nobody shall miss it by a setting. */
  always?: true;
  /** For who has not chosen. */
  inbox: boolean;
  mail: boolean;
  /** In the console. */
  path(data: NoticeOf[Kind]): string;
};

const to = (page: string, id: string): string => `${page}?id=${encodeURIComponent(id)}`;
/** On a list of pages that opens only what it shows. @param search what the page finds it by. */
const found = (page: string, id: string, search: string): string =>
  `${page}?q=${encodeURIComponent(search)}&id=${encodeURIComponent(id)}`;
const ofRun = ({ runId }: Run): string => (runId === null ? "/runs" : to("/run", runId));
const run = (severity: Severity, { inbox = true, mail = false } = {}) => ({
  severity,
  audience: null,
  followers: "runs.read-all" as const,
  inbox,
  mail,
  path: ofRun,
});

const ticket = (severity: Severity) => ({
  severity,
  audience: null,
  inbox: true,
  mail: true,
  path: ({ ticketId }: { ticketId: string }) => to("/ticket", ticketId),
});

export const noticeRules: { [Kind in NoticeKind]: Rule<Kind> } = {
  "access.break-glass": { ...ticket("critical"), audience: "tickets.manage", always: true },
  "access.ending": { severity: "warning", audience: null, inbox: true, mail: true, path: () => "/reach" },
  "access.review": {
    severity: "warning",
    audience: null,
    inbox: true,
    mail: true,
    path: ({ reviewId }) => to("/review", reviewId),
  },
  "access.review-flagged": {
    severity: "warning",
    audience: "grants.manage",
    inbox: true,
    mail: false,
    path: ({ grantId }) => found("/grants", grantId, grantId),
  },
  "grant.ending": {
    severity: "warning",
    audience: "grants.manage",
    inbox: true,
    mail: false,
    path: ({ grantId }) => found("/grants", grantId, grantId),
  },
  "account.rotation-failed": {
    severity: "warning",
    audience: "accounts.manage",
    inbox: true,
    mail: true,
    path: ({ assetId }) => to("/assets", assetId),
  },
  "host-key.changed": {
    severity: "critical",
    audience: "assets.manage",
    inbox: true,
    mail: true,
    path: ({ assetId }) => to("/assets", assetId),
  },
  "person.locked": {
    severity: "warning",
    audience: "people.manage",
    inbox: true,
    mail: false,
    path: ({ personId, person }) => found("/people", personId, person),
  },
  "agent.offline": {
    severity: "critical",
    audience: "fleet.manage",
    inbox: true,
    mail: true,
    path: ({ agents: [first], count }) => (count === 1 && first !== undefined ? to("/fleet", first.id) : "/fleet"),
  },
  "agent.duplicate": {
    severity: "critical",
    audience: "fleet.manage",
    inbox: true,
    mail: true,
    path: ({ agentId }) => to("/fleet", agentId),
  },
  "ticket.waiting": ticket("warning"),
  "ticket.approved": ticket("success"),
  "ticket.rejected": ticket("warning"),
  "ticket.lapsed": ticket("warning"),
  "ticket.not-begun": ticket("warning"),
  "ticket.ended": ticket("warning"),
  "database-account.drifted": {
    severity: "warning",
    audience: "accounts.manage",
    inbox: true,
    mail: true,
    path: ({ assetId }) => to("/assets", assetId),
  },
  "ticket.changed": { ...ticket("info"), inbox: false, mail: false, alone: true },
  "run.started": run("info", { inbox: false }),
  "run.succeeded": run("success", { inbox: false }),
  "run.failed": run("critical", { mail: true }),
  "run.recovered": run("success"),
  "run.failing": run("critical", { mail: true }),
  "run.slow": run("warning"),
  "run.missed": run("warning", { mail: true }),
  "run.halted": run("critical", { mail: true }),
};

export const pathOf = <Kind extends NoticeKind>({ kind, data }: Notice<Kind>): string => {
  const rule: Rule<Kind> = noticeRules[kind];
  return rule.path(data);
};
