// What looking after accounts needs of a server, whichever it is. Everything may be done twice.
import type { Place } from "./input.ts";
import type { Difference, Held } from "./places.ts";

/** Named by our own rule (account-names.ts): letters, digits and underscores. */
export type AccountServer = {
  exists(name: string): Promise<boolean>;
  /** Without any privilege that the server does not give to everybody. */
  create(name: string, password: string): Promise<void>;
  /** Its password, and that it may sign in. */
  restore(name: string, password: string): Promise<void>;
  /** What places come to on this server as it is now; those that are not there are missing. */
  resolve(places: readonly Place[]): Promise<{ wanted: Held[]; missing: Place[] }>;
  /** Everything that it has of its own, on all of the server. `wanted` says where to look besides. */
  actual(name: string, wanted: readonly Held[]): Promise<Held[]>;
  /** What is taken is taken first, also from who is connected. */
  apply(name: string, difference: Difference): Promise<void>;
  /** The server itself lets it in no longer than that, where it can. Null: as long as it is there. */
  limit(name: string, until: Date | null, now: Date): Promise<void>;
  /** Locked first, so that nobody comes back while its connections are ended; then it is dropped. One that is not there is no error. */
  drop(name: string): Promise<void>;
  /** Where to sign in as it: the first database that it may enter. Null: none is needed. */
  entrance(wanted: readonly Held[]): string | null;
  close(): Promise<void>;
};

/** What one account can hold is compared and kept whole; more than this is a request for another kind of access. */
export const heldMax = 2_000;
