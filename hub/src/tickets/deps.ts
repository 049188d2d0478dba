// What the use cases of tickets need from outside of their room.
import type { AccessDeps } from "../access/manage-grants.ts";
import type { Vault } from "../platform/vault.ts";

export type TicketDeps = AccessDeps & { vault: Vault };
