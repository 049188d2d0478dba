// What the use cases of databases work with.
import type { AssetDeps } from "../assets/deps.ts";
import type { Log } from "../platform/log.ts";
import type { DialDeps } from "./server-dial.ts";

export type DatabaseDeps = DialDeps & Pick<AssetDeps, "db" | "clock" | "vault" | "changes"> & { log: Log };
