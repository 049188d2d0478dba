// What federation's use cases work with.
import type { Challenges } from "../identity/challenges.ts";
import type { IdentityDeps } from "../identity/deps.ts";
import type { UnknownAddresses } from "../identity/unknown-addresses.ts";
import type { Vault } from "../platform/vault.ts";

export type FederationDeps = {
  identity: IdentityDeps;
  vault: Vault;
  /** Of sign-ins that are at a provider. */
  states: Challenges;
  /** Wrong passwords for directories, by provider and user name. */
  wrongPasswords: UnknownAddresses;
};

/** As long as people take to sign in elsewhere, with a telephone to fetch. */
export const stateLifetimeMs = 10 * 60_000;
