// What the use cases of tickets need from outside of their room.
import type { AccessDeps } from "../access/manage-grants.ts";

export type TicketDeps = AccessDeps;
