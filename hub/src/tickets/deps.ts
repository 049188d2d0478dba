// What the use cases of tickets need from outside of their room.
import type { KeyObject } from "node:crypto";
import type { AccessDeps } from "../access/manage-grants.ts";
import type { AutomationDeps } from "../automation/deps.ts";
import type { Vault } from "../platform/vault.ts";

export type TicketDeps = AccessDeps & {
  vault: Vault;
  automation: AutomationDeps;
  /** Whose approvals agents follow: this hub, by the key that signs its orders. */
  signer: { hubId: string; key: KeyObject };
};
