// What identity's use cases work with.
import type { Clock } from "../platform/clock.ts";
import type { Database, Transaction } from "../platform/database.ts";
import type { Vault } from "../platform/vault.ts";
import type { Attempts } from "./attempts.ts";
import type { Challenges } from "./challenges.ts";
import type { UserRow } from "./schema.ts";
import type { SignInLibrary } from "./sign-in-library.ts";
import type { UnknownAddresses } from "./unknown-addresses.ts";

export type IdentityDeps = {
  db: Database;
  clock: Clock;
  library: SignInLibrary;
  /** Seals what identity keeps secret: the keys of authenticator apps. */
  vault: Vault;
  challenges: Challenges;
  attempts: Attempts;
  unknownAddresses: UnknownAddresses;
  /**
   * Rules of signing in are asked: the ticket that it waits for; null when nothing holds it up. Filled in by hub.ts: rules lie above.
   * @throws HubError `rule-refused`.
   */
  heldUp(user: UserRow, origin: Origin): Promise<string | null>;
  /** After the commit of what may take access from somebody: ends what is open and no longer allowed. Filled in by hub.ts: sessions lie above. */
  accessChanged(orgId: string): Promise<void>;
  /** In the transaction that makes an organisation: what it starts with. Filled in by hub.ts: grants lie above. */
  onOrganisation(tx: Transaction, orgId: string): Promise<void>;
};

/** Where a request came from. */
export type Origin = { ip: string | null; userAgent: string };
