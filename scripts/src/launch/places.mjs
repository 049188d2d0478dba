// Where things are in the checkout.

import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

export const places = {
  node: path.join(root, "node_modules/.bin/node"),
  binaries: path.join(root, "node_modules/.bin"),
  hub: path.join(root, "hub/dist/main.js"),
  verify: path.join(root, "hub/dist/verify.js"),
  auditVerify: path.join(root, "hub/dist/audit-verify.js"),
  agent: path.join(root, "agent/dist/agent.cjs"),
  agentFlags: path.join(root, "agent/dist/node-flags.txt"),
};
