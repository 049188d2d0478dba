// What custody's use cases work with.
import type { AssetDeps } from "../assets/deps.ts";
import type { SessionDeps } from "../sessions/deps.ts";

export type CustodyDeps = { assets: AssetDeps; sessions: SessionDeps };
