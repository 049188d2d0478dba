// Finds and loads the SSH library when the first neighbour is reached. It costs an agent more memory than all the rest, so it is a part of its own.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { BaseAgent, Client, utils } from "ssh2";

/** What we use of it. */
export type Ssh2 = {
  Client: typeof Client;
  BaseAgent: typeof BaseAgent;
  utils: Pick<typeof utils, "parseKey" | "generateKeyPairSync">;
};

let loaded: Ssh2 | null = null;

/** @throws when neither the part beside the agent nor the package is there. */
export function ssh2(): Ssh2 {
  loaded ??= load();
  return loaded;
}

function load(): Ssh2 {
  // Installed and built: ssh2.cjs beside agent.cjs. From the sources: the package.
  const part = path.join(import.meta.dirname, "ssh2.cjs");
  return createRequire(import.meta.url)(fs.existsSync(part) ? part : "ssh2");
}
