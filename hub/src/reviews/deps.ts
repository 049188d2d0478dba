// What the use cases of access reviews need from outside of their room.
import type { AccessDeps } from "../access/manage-grants.ts";

export type ReviewDeps = AccessDeps;
