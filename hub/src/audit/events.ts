// Every kind of event that is recorded, and what each carries. Closed: an event that is not here cannot be written.
// Values are identifiers, names, counts and reasons. Never secrets, never what was typed.

/** How somebody acted on a ticket: see tickets/ticket-head.ts. Empty when the hub did. */
type Way = { via: string; key: string; by: string };

export type AuditEventOf = {
  "setup.completed": Record<string, never>;
  "person.signed-in": { userAgent: string };
  "person.sign-in-failed": { email: string; attempts: number };
  "person.locked": { until: string };
  "person.unlocked": Record<string, never>;
  "person.signed-out": Record<string, never>;
  "person.session-ended": { sessionId: string };
  "person.invited": { email: string; role: string };
  "person.joined": Record<string, never>;
  /** Here and below a role is a built-in one, or the name and id of one that the organisation made. */
  "person.role-changed": { before: string; after: string };
  "person.disabled": Record<string, never>;
  "person.enabled": Record<string, never>;
  /** before, after: JSON of the fields that changed. */
  "person.updated": { fields: string; before: string; after: string };
  /** file: SHA-256 of it. people: JSON of up to 200 of them, with before and after of those that changed. */
  "people.imported": { created: number; changed: number; invited: number; file: string; people: string };
  "people.exported": Record<string, never>;
  "person.expired": { at: string };
  "person.password-changed": { by: string };
  "person.reset-link-made": Record<string, never>;
  "person.reset-requested": Record<string, never>;
  "group.created": Record<string, never>;
  "group.renamed": { before: string; after: string };
  "group.deleted": { members: number };
  /** userIds: separated by spaces. */
  "group.members-added": { count: number; userIds: string };
  "group.members-removed": { count: number; userIds: string };
  "person.new-password-required": Record<string, never>;
  "person.idle": { days: number };
  "person.second-factor-set-up": { factor: string };
  "person.second-factor-removed": { factor: string };
  "person.second-factor-reset": Record<string, never>;
  "person.second-factor-failed": { attempts: number };
  "person.recovery-code-used": { left: number };
  "person.recovery-codes-made": Record<string, never>;
  "person.confirmed": { by: string };
  /** before, after: JSON of the policy. */
  "sign-in-policy.changed": { before: string; after: string };
  /** Whom another system recognised for the first time: made here, or found here by a verified address. */
  "person.created-by-provider": { providerId: string; email: string; role: string };
  "person.linked": { providerId: string; email: string };
  "person.provider-refused": { reason: string };
  "person.gone-elsewhere": { providerId: string };
  "provider.created": { provider: string };
  /** before, after: JSON of the settings, without the secret. */
  "provider.changed": { before: string; after: string; secret: boolean };
  "provider.deleted": { people: number };
  /** channel: JSON of it, without address and secret. */
  "notice-channel.created": { channel: string };
  /** before, after: JSON of the fields that changed. address, secret: whether there is another. */
  "notice-channel.changed": { before: string; after: string; address: boolean; secret: boolean };
  "notice-channel.deleted": Record<string, never>;
  /** answer: in the other side's own words. */
  "notice-channel.tested": { works: boolean; answer: string };
  "notice-channel.switched-off": { reason: string };
  /** What a person wants to hear of. notice: the kind. */
  "person.notices-changed": { notice: string; before: string; after: string };
  "organisation.created": Record<string, never>;
  "organisation.renamed": { before: string; after: string };
  "organisation.disabled": Record<string, never>;
  "organisation.enabled": Record<string, never>;
  "organisation.member-added": { role: string };
  "organisation.member-removed": { role: string };
  "organisation.entered": Record<string, never>;
  "guest.invited": { email: string; role: string };
  "guest.withdrawn": { email: string };
  "guest.accepted": { email: string; role: string };
  "person.system-admin-changed": { systemAdmin: boolean };
  /** role: JSON of its name, description and permissions. */
  "role.created": { role: string };
  /** before, after: JSON of the fields that changed. */
  "role.changed": { before: string; after: string };
  /** to: the role that its people got; userIds: up to 200 of them, separated by spaces. */
  "role.deleted": { role: string; to: string | null; people: number; userIds: string };
  /** scopes: empty for all that the person may. addresses: empty for everywhere. */
  "key.created": { name: string; prefix: string; scopes: string; addresses: string };
  "key.revoked": { name: string; prefix: string };
  "zone.created": Record<string, never>;
  "zone.renamed": { before: string; after: string };
  "zone.deleted": Record<string, never>;
  "enrolment.token-created": { expiresAt: string };
  "enrolment.refused": { code: string };
  "agent.enrolled": { hostname: string; tokenId: string };
  "agent.renamed": { before: string; after: string };
  "agent.moved": { before: string; after: string };
  "agent.revoked": { reason: string };
  "agent.duplicate-seen": { addresses: string };
  "agent.link-refused": { code: string };
  "asset.created": { address: string; platform: string; zoneId: string };
  "asset.changed": { before: string; after: string };
  /** file: SHA-256 of it. assets: JSON of up to 200 of them, with before and after of those that changed. */
  "assets.imported": { created: number; changed: number; file: string; assets: string };
  "assets.exported": Record<string, never>;
  "asset.deleted": { address: string };
  "node.created": { parentId: string | null };
  "node.renamed": { before: string; after: string };
  "node.moved": { before: string | null; after: string | null };
  "node.deleted": Record<string, never>;
  "node.assets-added": { assets: number; first: string };
  "node.assets-removed": { assets: number; first: string };
  "account.created": { assetId: string; username: string; secretKind: string; privileged: boolean };
  "account.changed": { assetId: string; before: string; after: string };
  "account.deleted": { assetId: string; username: string };
  "account.secret-set": { assetId: string; version: number; how: string };
  "account.secret-revealed": { assetId: string; version: number; reason: string };
  /** Given to a script as the variable; the run is the actor's. */
  "account.secret-used": { assetId: string; version: number; runId: string; executionId: string; variable: string };
  "account.checked": { assetId: string; works: boolean; code: string };
  /** code: `works`, or why not; agent: which one tried last. */
  "asset.tested": { code: string; agent: string; account: string };
  /** via: user name that did it on the asset. */
  "account.pushed": { assetId: string; via: string; code: string };
  "account.rotated": { assetId: string; version: number; via: string };
  "account.rotation-failed": { assetId: string; code: string; attempt: number };
  "host-key.pinned": { algorithm: string; fingerprint: string };
  "host-key.changed": { algorithm: string; pinned: string; offered: string };
  "host-key.decided": { fingerprint: string; decision: string };
  "template.created": { username: string; secret: string };
  /** before, after: JSON of the fields that changed. */
  "template.changed": { before: string; after: string };
  "template.deleted": { username: string };
  "template.applied": { assets: number; created: number; pushed: number };
  "vault.key-added": { key: number };
  "vault.rewrapped": { key: number; secrets: number };
  "grant.created": { grant: string };
  "grant.changed": { before: string; after: string };
  "grant.revoked": { reason: string };
  /** One person lost one asset of it; `into` is the grant that has the rest of what it gave him. */
  "grant.split": { into: string; person: string; asset: string };
  "access.refused": { action: string; code: string };
  /** `by`: `vault`, or a choice of assets/account-choice.ts. */
  "session.opened": { assetId: string; account: string; by: string };
  "dial.opened": { assetId: string; port: number };
  "dial.ended": { reason: string; port: number; sentBytes: number; receivedBytes: number };
  /** Before it runs. Where it may hold a password its texts are left out. */
  "sql.statement": { account: string; statement: string; length: number };
  "sql.answer-exported": { account: string; rows: number };
  "session.watched": { live: boolean };
  "session.ended": { reason: string; exitCode: number | null };
  "session.replayed": Record<string, never>;
  "session.downloaded": Record<string, never>;
  "session.recording-removed": { days: number };
  "run.output-removed": { executionId: string; days: number };
  "script.created": { visibility: string; interpreter: string; hash: string };
  "script.version-added": { number: number; interpreter: string; hash: string };
  "script.changed": { before: string; after: string };
  "script.archived": Record<string, never>;
  "script.unarchived": Record<string, never>;
  "script.deleted": { versions: number };
  "file.upload-begun": { sizeBytes: number; visibility: string };
  "file.uploaded": { sizeBytes: number; sha256: string; visibility: string };
  "file.downloaded": { sizeBytes: number };
  "file.deleted": { sizeBytes: number; sha256: string };
  "interpreter.added": { label: string };
  "interpreter.removed": Record<string, never>;
  /** asked: JSON of what is asked for. */
  /** by: of another system that acts in somebody's name, whose key it is. */
  "ticket.submitted": { asked: string; flow: string } & Way;
  /** level: from 1. narrowed: JSON of what is approved; empty: all of it. */
  "ticket.decided": { decision: string; level: number; comment: string; narrowed: string } & Way;
  "ticket.approved": { grantId: string; approved: string; automatic: boolean };
  /** A script that was approved. run: which of how many, from 1. */
  "ticket.run-begun": { runId: string; run: number; of: number; automatic: boolean };
  /** It was to begin by itself. code: what stood against it. */
  "ticket.not-begun": { code: string };
  "ticket.withdrawn": Way;
  /** By another system, which has decided it. user, assets: names. */
  "ticket.given-at-once": { user: string; assets: string; account: string; minutes: number; reference: string } & Way;
  "ticket.escalated": { level: number };
  "ticket.lapsed": { level: number };
  /** why: expired, given-back, taken-away. */
  "ticket.ended": { why: string; reason: string } & Way;
  "ticket.commented": { length: number };
  /** Accounts that requests give on database servers. given, taken: privileges and places, the first few. missing: JSON of places that are not there. */
  "database-account.made": { assetId: string; given: string; taken: string; missing: string };
  "database-account.changed": { assetId: string; given: string; taken: string; missing: string };
  /** What somebody else had changed, and was put right. */
  "database-account.drifted": { assetId: string; found: string };
  "database-account.dropped": { assetId: string };
  "database-account.failed": { assetId: string; code: string };
  "database-account.password-shown": { assetId: string; ticketId: string };
  "database-settings.changed": { before: string; after: string };
  /** Somebody took access in an emergency; nobody was asked. assets, accounts, actions: as lists in a line. */
  "access.break-glass-opened": { assets: string; accounts: string; actions: string; reason: string; minutes: number };
  "access.break-glass-reviewed": { findings: string };
  "break-glass.rules-changed": { before: number; after: number };
  /** ownerId: empty for the assets of all. */
  "access-review.created": { lines: number; ownerId: string; reviewerId: string; due: string };
  /** grantId: what was decided about. */
  "access-review.decided": {
    decision: string;
    outcome: string;
    person: string;
    asset: string;
    grant: string;
    grantId: string;
    reason: string;
  };
  /** open: lines that nobody decided. */
  "access-review.closed": { lines: number; open: number };
  "access-review.exported": { lines: number };
  "rule.created": { rule: string };
  "rule.changed": { before: string; after: string };
  "rule.moved": { position: number; of: number };
  "rule.removed": Record<string, never>;
  /** what: the action, or `command`; line: without what is evidently a secret. */
  "rule.refused": { ruleId: string; rule: string; what: string; line: string };
  "rule.warned": { ruleId: string; rule: string; what: string; line: string };
  "rule.confirmed": { ruleId: string; rule: string; what: string; line: string };
  /** In an emergency nobody is waited for. */
  "rule.set-aside": { ruleId: string; rule: string; what: string; line: string };
  "ticket-flow.created": { flow: string };
  "ticket-flow.changed": { before: string; after: string };
  "ticket-flow.removed": Record<string, never>;
  "person.substitute-set": { substituteId: string; from: string; until: string };
  "task.created": { scriptId: string; schedule: string };
  /** before, after: JSON of the fields that changed. */
  "task.changed": { before: string; after: string };
  "task.started": Record<string, never>;
  "task.paused": Record<string, never>;
  "task.archived": Record<string, never>;
  /** What the actor himself hears of it. */
  "task.followed": { before: string; after: string };
  "calendar.added": Record<string, never>;
  "calendar.removed": Record<string, never>;
  "target-set.added": Record<string, never>;
  "target-set.removed": Record<string, never>;
  /** files: a line for each, its SHA-256 and where it was to be placed. artefacts: a line for each path that was to be collected. */
  "run.created": {
    interpreter: string;
    scriptHash: string;
    assets: number;
    refused: number;
    trigger: string;
    files: string;
    artefacts: string;
  };
  "run.artefacts-downloaded": { executionId: string; bytes: number };
  "run.halted": { failed: number; held: number };
  /** failed: how many failures were seen and gone on from. */
  "run.continued": { failed: number };
  "run.stop-requested": { executions: number };
  "run.finished": { succeeded: number; failed: number; stopped: number };
  "audit.verified": { state: string; events: number };
  "audit.exported": { filter: string };
  "audit.contradicted": { seq: number; hash: string; signedAt: string; why: string };
  "audit.contradiction-acknowledged": { checkpoints: number; highestSeq: number; reason: string };
};

export type AuditKind = keyof AuditEventOf;

export const auditKinds = [
  "setup.completed",
  "person.signed-in",
  "person.sign-in-failed",
  "person.locked",
  "person.unlocked",
  "person.signed-out",
  "person.session-ended",
  "person.invited",
  "person.joined",
  "person.role-changed",
  "person.disabled",
  "person.enabled",
  "person.updated",
  "people.imported",
  "people.exported",
  "person.expired",
  "person.password-changed",
  "person.reset-link-made",
  "person.reset-requested",
  "group.created",
  "group.renamed",
  "group.deleted",
  "group.members-added",
  "group.members-removed",
  "person.new-password-required",
  "person.idle",
  "person.second-factor-set-up",
  "person.second-factor-removed",
  "person.second-factor-reset",
  "person.second-factor-failed",
  "person.recovery-code-used",
  "person.recovery-codes-made",
  "person.confirmed",
  "sign-in-policy.changed",
  "person.created-by-provider",
  "person.linked",
  "person.provider-refused",
  "person.gone-elsewhere",
  "provider.created",
  "provider.changed",
  "provider.deleted",
  "notice-channel.created",
  "notice-channel.changed",
  "notice-channel.deleted",
  "notice-channel.tested",
  "notice-channel.switched-off",
  "person.notices-changed",
  "organisation.created",
  "organisation.renamed",
  "organisation.disabled",
  "organisation.enabled",
  "organisation.member-added",
  "organisation.member-removed",
  "organisation.entered",
  "guest.invited",
  "guest.withdrawn",
  "guest.accepted",
  "person.system-admin-changed",
  "role.created",
  "role.changed",
  "role.deleted",
  "key.created",
  "key.revoked",
  "zone.created",
  "zone.renamed",
  "zone.deleted",
  "enrolment.token-created",
  "enrolment.refused",
  "agent.enrolled",
  "agent.renamed",
  "agent.moved",
  "agent.revoked",
  "agent.duplicate-seen",
  "agent.link-refused",
  "asset.created",
  "asset.changed",
  "assets.imported",
  "assets.exported",
  "asset.deleted",
  "node.created",
  "node.renamed",
  "node.moved",
  "node.deleted",
  "node.assets-added",
  "node.assets-removed",
  "account.created",
  "account.changed",
  "account.deleted",
  "account.secret-set",
  "account.secret-revealed",
  "account.secret-used",
  "account.checked",
  "asset.tested",
  "account.pushed",
  "account.rotated",
  "account.rotation-failed",
  "host-key.pinned",
  "host-key.changed",
  "host-key.decided",
  "template.created",
  "template.changed",
  "template.deleted",
  "template.applied",
  "vault.key-added",
  "vault.rewrapped",
  "grant.created",
  "grant.changed",
  "grant.revoked",
  "grant.split",
  "access.refused",
  "session.opened",
  "dial.opened",
  "dial.ended",
  "sql.statement",
  "sql.answer-exported",
  "session.watched",
  "session.ended",
  "session.replayed",
  "session.downloaded",
  "session.recording-removed",
  "run.output-removed",
  "script.created",
  "script.version-added",
  "script.changed",
  "script.archived",
  "script.unarchived",
  "script.deleted",
  "file.upload-begun",
  "file.uploaded",
  "file.downloaded",
  "file.deleted",
  "interpreter.added",
  "interpreter.removed",
  "ticket.submitted",
  "ticket.decided",
  "ticket.approved",
  "ticket.run-begun",
  "ticket.not-begun",
  "ticket.withdrawn",
  "ticket.given-at-once",
  "ticket.escalated",
  "ticket.lapsed",
  "ticket.ended",
  "ticket.commented",
  "database-account.made",
  "database-account.changed",
  "database-account.drifted",
  "database-account.dropped",
  "database-account.failed",
  "database-account.password-shown",
  "database-settings.changed",
  "access.break-glass-opened",
  "access.break-glass-reviewed",
  "break-glass.rules-changed",
  "access-review.created",
  "access-review.decided",
  "access-review.closed",
  "access-review.exported",
  "rule.created",
  "rule.changed",
  "rule.moved",
  "rule.removed",
  "rule.refused",
  "rule.warned",
  "rule.confirmed",
  "rule.set-aside",
  "ticket-flow.created",
  "ticket-flow.changed",
  "ticket-flow.removed",
  "person.substitute-set",
  "task.created",
  "task.changed",
  "task.started",
  "task.paused",
  "task.archived",
  "task.followed",
  "calendar.added",
  "calendar.removed",
  "target-set.added",
  "target-set.removed",
  "run.created",
  "run.artefacts-downloaded",
  "run.halted",
  "run.continued",
  "run.stop-requested",
  "run.finished",
  "audit.verified",
  "audit.exported",
  "audit.contradicted",
  "audit.contradiction-acknowledged",
] as const satisfies readonly AuditKind[];

export type AuditSubject = {
  kind:
    | "agent"
    | "asset"
    | "node"
    | "account"
    | "template"
    | "notice-channel"
    | "session"
    | "run"
    | "script"
    | "file"
    | "interpreter"
    | "task"
    | "calendar"
    | "target-set"
    | "ticket"
    | "rule"
    | "ticket-flow"
    | "access-review"
    | "person"
    | "group"
    | "role"
    | "provider"
    | "organisation"
    | "key"
    | "zone"
    | "grant"
    | "token"
    | "hub";
  id: string;
  name: string;
};
export type AuditActor = { id: string; name: string };

export type AuditEntry = {
  [Kind in AuditKind]: {
    kind: Kind;
    orgId: string;
    actor: AuditActor | null;
    subject: AuditSubject | null;
    ip: string | null;
    data: AuditEventOf[Kind];
  };
}[AuditKind];
