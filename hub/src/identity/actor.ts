// Who is asking. Made by sign-in or an access key, passed to every use case.

import type { AuditActor } from "../audit/events.ts";
import { HubError } from "../platform/errors.ts";
import type { Role } from "./schema.ts";

export type Actor = {
  readonly id: string;
  readonly name: string;
  /** As which `@same-name` reaches an asset. */
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  /** Where he works now; his role is that of there. */
  readonly orgId: string;
  readonly systemAdmin: boolean;
  readonly ip: string | null;
  /** The browser's sign-in and when a factor was last shown there (see fresh-mfa.ts), or the access key used. */
  readonly via:
    | { kind: "session"; sessionId: string; confirmedAt: Date | null }
    | { kind: "key"; keyId: string }
    /** Nobody asked just now: his own task was due. */
    | { kind: "task"; taskId: string }
    /** Nobody asked just now: a script of his begins. */
    | { kind: "run"; runId: string };
};

export const auditActor = (actor: Actor): AuditActor => ({ id: actor.id, name: actor.name });

export const permissions = [
  "fleet.read",
  "fleet.manage",
  "enrol",
  "sessions.read-all",
  "sessions.end",
  "runs.read-all",
  "people.read",
  "people.manage",
  "audit.read",
  "settings.manage",
  "assets.read",
  "assets.manage",
  "accounts.manage",
  "secrets.reveal",
  "grants.read",
  "grants.manage",
  "terminal.open",
  "run.start",
  "scripts.manage",
  "dial.open",
] as const;
export type Permission = (typeof permissions)[number];

/** What each role may. A user's terminals and runs need a grant besides: see access. */
const permissionsOf: Record<Role, readonly Permission[]> = {
  admin: permissions,
  auditor: ["fleet.read", "sessions.read-all", "runs.read-all", "people.read", "audit.read", "assets.read", "grants.read"],
  user: ["terminal.open", "run.start", "dial.open"],
};

export const permissionsFor = (role: Role): readonly Permission[] => permissionsOf[role];

export const may = (actor: Actor, permission: Permission): boolean => permissionsOf[actor.role].includes(permission);

/** Nobody gives what he has not. @throws HubError `forbidden` naming the permission that the role has and the actor has not. */
export function mayGiveRole(actor: Actor, role: Role): void {
  for (const permission of permissionsOf[role]) assertMay(actor, permission);
}

/** @throws HubError `forbidden` naming the missing permission. */
export function assertMay(actor: Actor, permission: Permission): void {
  if (!may(actor, permission))
    throw new HubError("forbidden", `This needs the permission ${permission}. Ask an administrator of your organisation.`, {
      facts: { permission },
    });
}
