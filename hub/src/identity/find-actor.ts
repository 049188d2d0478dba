// From a request's headers to a person: cookie or access key. The only place that decides who is asking.

import { findByAccessKey } from "./access-keys.ts";
import type { Actor } from "./actor.ts";
import { findSignIn } from "./current-sign-in.ts";
import type { IdentityDeps } from "./deps.ts";
import { findMember, type Member } from "./members.ts";
import type { UserRow } from "./schema.ts";

export async function findActor(
  deps: IdentityDeps,
  headers: { authorization: string | undefined; cookie: string | undefined },
  ip: string | null,
): Promise<Actor | null> {
  const key = /^Bearer (sp_[A-Za-z0-9_-]{20,100})$/.exec(headers.authorization ?? "")?.[1];
  if (key !== undefined) {
    const found = await findByAccessKey(deps, key, ip);
    return found === null
      ? null
      : inOrganisation(deps, found.orgId, found.user, ip, { kind: "key", keyId: found.keyId, scopes: found.scopes });
  }
  if (headers.authorization !== undefined) return null;
  const current = await findSignIn(deps, headers.cookie);
  if (current === null || current.signIn.stage !== "in") return null;
  const { id: sessionId, confirmedAt, orgId } = current.signIn;
  return inOrganisation(deps, orgId ?? current.user.orgId, current.user, ip, { kind: "session", sessionId, confirmedAt });
}

/** Null where the person does not belong, or nobody works any more. */
async function inOrganisation(
  { db }: IdentityDeps,
  orgId: string,
  { id }: UserRow,
  ip: string | null,
  via: Actor["via"],
): Promise<Actor | null> {
  const member = await findMember(db, orgId, id);
  return member === null ? null : toActor(member, ip, via);
}

const toActor = (user: Member, ip: string | null, via: Actor["via"]): Actor => ({
  id: user.id,
  name: user.name,
  username: user.username,
  email: user.email,
  role: user.role,
  permissions: user.permissions,
  orgId: user.orgId,
  systemAdmin: user.systemAdmin,
  ip,
  via,
});
