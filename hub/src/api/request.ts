// What every request is asked first: who is it, from where, and did our own page send it.
import type { IncomingMessage } from "node:http";
import { type Actor, assertWhole } from "../identity/actor.ts";
import type { IdentityDeps, Origin } from "../identity/deps.ts";
import { findActor } from "../identity/find-actor.ts";
import { HubError } from "../platform/errors.ts";

export const addressOf = (request: IncomingMessage): string | null =>
  request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? null;

export const originOf = (request: IncomingMessage): Origin => ({
  ip: addressOf(request),
  userAgent: (request.headers["user-agent"] ?? "").slice(0, 300),
});

/** For procedures, which look at an access key's scopes themselves. */
export function callerOf(identity: IdentityDeps, request: IncomingMessage): Promise<Actor | null> {
  return findActor(
    identity,
    { authorization: request.headers.authorization, cookie: request.headers.cookie },
    addressOf(request),
  );
}

/** For all that is no procedure: sockets, recordings, files. @throws HubError `key-scope`, since no scope opens any of that. */
export async function actorOf(identity: IdentityDeps, request: IncomingMessage): Promise<Actor | null> {
  const actor = await callerOf(identity, request);
  assertWhole(actor);
  return actor;
}

/**
 * A cookie proves who, not what page sent the request: with a cookie, anything that is not a plain read must carry our own Origin.
 * An access key is never sent by a browser on its own, so there only a foreign Origin is refused.
 *
 * @throws HubError `bad-origin`.
 */
export function assertOwnOrigin(request: IncomingMessage, publicUrl: string | undefined): void {
  const { origin } = request.headers;
  if (origin === undefined && request.headers.authorization !== undefined) return;
  const host = request.headers.host ?? "";
  const own =
    origin !== undefined && (originHost(origin) === host || (publicUrl !== undefined && origin === new URL(publicUrl).origin));
  if (!own) throw new HubError("bad-origin", "The request does not come from this hub's own page.");
}

function originHost(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
