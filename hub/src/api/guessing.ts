// Doors that are open to everybody, tried by whoever knocks: counted by address.
import { HubError } from "../platform/errors.ts";
import type { Context } from "./trpc.ts";

/** What is tried here carries enough bits, but trying must still not be free. @throws HubError `rate-limited`. */
export function assertNotGuessing({ hub, origin }: Context): void {
  const allowed = hub.identity.attempts.take(origin.ip ?? "unknown", hub.identity.clock.now().getTime());
  if (!allowed.ok)
    throw new HubError("rate-limited", `Too many tries from this address. Try again in ${allowed.retryAfterSeconds} seconds.`, {
      facts: { retryAfterSeconds: allowed.retryAfterSeconds },
    });
}
