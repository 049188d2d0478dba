// Who is asking. Made by sign-in or an access key, passed to every use case.

import type { AuditActor, AuditSubject } from "../audit/events.ts";
import { HubError } from "../platform/errors.ts";
import { type KeyScope, permissions, roleNames } from "./input.ts";
import type { Permission, Role, RoleRow } from "./schema.ts";

export type Actor = {
  readonly id: string;
  readonly name: string;
  /** As which `@same-name` reaches an asset. */
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  readonly permissions: readonly Permission[];
  /** Where he works now; his role is that of there. */
  readonly orgId: string;
  readonly systemAdmin: boolean;
  readonly ip: string | null;
  /** The browser's sign-in and when a factor was last shown there (see fresh-mfa.ts), or the access key used. */
  readonly via:
    | { kind: "session"; sessionId: string; confirmedAt: Date | null }
    | { kind: "key"; keyId: string; scopes: readonly KeyScope[] | null }
    /** Another system acts for him, with a key of its own that may; see tickets/on-behalf.ts. */
    | { kind: "behalf"; keyId: string; by: { id: string; name: string } }
    /** Nobody asked just now: his own task was due. */
    | { kind: "task"; taskId: string }
    /** Nobody asked just now: a script of his begins. */
    | { kind: "run"; runId: string }
    /** Nobody asked just now: what his request asked for begins. */
    | { kind: "ticket"; ticketId: string };
};

export const auditActor = (actor: Actor): AuditActor => ({ id: actor.id, name: actor.name });

/** What an event of a person's act on something begins with. */
export const actOn = <Kind extends AuditSubject["kind"]>(
  actor: Actor,
  kind: Kind,
  { id, name }: { id: string; name: string },
) => ({
  orgId: actor.orgId,
  actor: auditActor(actor),
  subject: { kind, id, name },
  ip: actor.ip,
});

/** What each built-in role may. A user's terminals and runs need a grant besides: see access. */
const builtIn: Record<(typeof roleNames)[number], readonly Permission[]> = {
  admin: permissions,
  auditor: [
    "fleet.read",
    "sessions.read-all",
    "runs.read-all",
    "people.read",
    "audit.read",
    "assets.read",
    "grants.read",
    "tickets.read-all",
  ],
  user: ["terminal.open", "run.start", "dial.open", "tickets.open"],
};

export const builtInRole = (role: Role): (typeof roleNames)[number] | undefined => roleNames.find((one) => one === role);

/** made: the role's row, where the organisation made it. A role that is neither built in nor there may nothing. */
export function permissionsOf(role: Role, made: Pick<RoleRow, "permissions"> | null): readonly Permission[] {
  const name = builtInRole(role);
  return name === undefined ? (made?.permissions ?? []) : builtIn[name];
}

export const may = (actor: Actor, permission: Permission): boolean => actor.permissions.includes(permission);

/** For what no key is limited to. @throws HubError `key-scope`. */
export function assertWhole(actor: Actor | null): void {
  if (actor?.via.kind !== "key" || actor.via.scopes === null) return;
  throw new HubError("key-scope", `This access key is made for ${actor.via.scopes.join(", ")} only. Use another one here.`, {
    facts: { scopes: actor.via.scopes.join(", ") },
  });
}

/** Nobody gives or takes what he has not. @throws HubError `forbidden` naming the permission that the actor has not. */
export function assertHolds(actor: Actor, held: readonly Permission[]): void {
  for (const permission of held) assertMay(actor, permission);
}

/** @throws HubError `forbidden` naming the missing permission. */
export function assertMay(actor: Actor, permission: Permission): void {
  if (!may(actor, permission))
    throw new HubError("forbidden", `This needs the permission ${permission}. Ask an administrator of your organisation.`, {
      facts: { permission },
    });
}
