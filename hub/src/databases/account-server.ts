// What looking after accounts needs of a server, whichever it is. Everything may be done twice.
import { HubError } from "../platform/errors.ts";
import type { Place } from "./input.ts";
import type { Difference, Held } from "./places.ts";

/** Named by our own rule (account-names.ts): letters, digits and underscores. */
export type AccountServer = {
  /**
   * Asked before anything is made, also of who may write all the same: what is made on a replica alone stops its replication.
   *
   * @throws HubError `database-read-only`.
   */
  assertTakesChanges(): Promise<void>;
  exists(name: string): Promise<boolean>;
  /** Without any privilege that the server does not give to everybody. */
  create(name: string, password: string): Promise<void>;
  /** Its password, and that it may sign in. */
  restore(name: string, password: string): Promise<void>;
  /** What places come to on this server as it is now; those that are not there are missing. */
  resolve(places: readonly Place[]): Promise<{ wanted: Held[]; missing: Place[] }>;
  /** Everything that it has of its own, on all of the server. `wanted` says where to look besides. */
  actual(name: string, wanted: readonly Held[]): Promise<Held[]>;
  /**
   * What is taken is taken first, also from who is connected. One thing that the server does not let be taken keeps none of the rest from being done.
   *
   * @returns the first refusal to take something; null: all of it was done.
   * @throws HubError when something cannot be given.
   */
  apply(name: string, difference: Difference): Promise<HubError | null>;
  /** The server itself lets it in no longer than that, where it can. Null: as long as it is there. */
  limit(name: string, until: Date | null, now: Date): Promise<void>;
  /** Locked first, so that nobody comes back while its connections are ended; then it is dropped. One that is not there is no error. */
  drop(name: string): Promise<void>;
  /** Where to sign in as it: the first database that it may enter. Null: none is needed. */
  entrance(wanted: readonly Held[]): string | null;
  close(): Promise<void>;
};

/** Each in turn, whatever becomes of the one before. @returns the first refusal. @throws what is none. */
export async function takeAll(take: readonly Held[], one: (held: Held) => Promise<unknown>): Promise<HubError | null> {
  let refused: HubError | null = null;
  for (const held of take) {
    try {
      await one(held);
    } catch (error) {
      // Without a connection there is no use in going on.
      if (!(error instanceof HubError) || error.code === "not-reached") throw error;
      refused ??= error;
    }
  }
  return refused;
}

/** What one account can hold is compared and kept whole; more than this is a request for another kind of access. */
export const heldMax = 2_000;
