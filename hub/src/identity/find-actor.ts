// From a request's headers to a person: cookie or access key. The only place that decides who is asking.

import { findByAccessKey } from "./access-keys.ts";
import type { Actor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { findUser } from "./people.ts";
import { mayAct } from "./person-state.ts";
import type { UserRow } from "./schema.ts";

export async function findActor(
  deps: IdentityDeps,
  headers: { authorization: string | undefined; cookie: string | undefined },
  ip: string | null,
): Promise<Actor | null> {
  const key = /^Bearer (sp_[A-Za-z0-9_-]{20,100})$/.exec(headers.authorization ?? "")?.[1];
  if (key !== undefined) {
    const found = await findByAccessKey(deps, key);
    return found === null ? null : toActor(found.user, ip, { kind: "key", keyId: found.keyId });
  }
  if (headers.authorization !== undefined || headers.cookie === undefined) return null;
  const signedIn = await deps.library.api.getSession({ headers: new Headers({ cookie: headers.cookie }) });
  if (signedIn === null) return null;
  const user = await findUser(deps.db, signedIn.user.id);
  if (user === null || !mayAct(user, deps.clock.now())) return null;
  return toActor(user, ip, { kind: "session", sessionId: signedIn.session.id });
}

const toActor = (user: UserRow, ip: string | null, via: Actor["via"]): Actor => ({
  id: user.id,
  name: user.name,
  email: user.email,
  role: user.role,
  orgId: user.orgId,
  ip,
  via,
});
