// Every kind of event that is recorded, and what each carries. Closed: an event that is not here cannot be written.
// Values are identifiers, names, counts and reasons. Never secrets, never what was typed.

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
  "person.role-changed": { before: string; after: string };
  "person.disabled": Record<string, never>;
  "person.enabled": Record<string, never>;
  "person.password-changed": { by: string };
  "person.reset-link-made": Record<string, never>;
  "key.created": { name: string; prefix: string };
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
  "grant.created": { userId: string; assetId: string; actions: string };
  "grant.revoked": { userId: string; assetId: string; reason: string };
  "access.refused": { action: string; code: string };
  "session.opened": { assetId: string; account: string };
  "dial.opened": { assetId: string; port: number };
  "dial.ended": { reason: string; port: number; sentBytes: number; receivedBytes: number };
  "session.watched": { live: boolean };
  "session.ended": { reason: string; exitCode: number | null };
  "session.replayed": Record<string, never>;
  "session.downloaded": Record<string, never>;
  "session.recording-removed": { days: number };
  "run.output-removed": { executionId: string; days: number };
  "run.created": { interpreter: string; scriptHash: string; assets: number };
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
  "person.password-changed",
  "person.reset-link-made",
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
  "grant.created",
  "grant.revoked",
  "access.refused",
  "session.opened",
  "dial.opened",
  "dial.ended",
  "session.watched",
  "session.ended",
  "session.replayed",
  "session.downloaded",
  "session.recording-removed",
  "run.output-removed",
  "run.created",
  "run.stop-requested",
  "run.finished",
  "audit.verified",
  "audit.exported",
  "audit.contradicted",
  "audit.contradiction-acknowledged",
] as const satisfies readonly AuditKind[];

export type AuditSubject = {
  kind: "agent" | "asset" | "session" | "run" | "person" | "key" | "zone" | "grant" | "token" | "hub";
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
