// `npm run screenshots [-- --readme]`: pictures of each page from a real hub, on the checkout's own Node.
import { runOnNode24 } from "../src/launch/run-on-node-24.mjs";

process.exitCode = await runOnNode24("scripts/src/screenshots.ts", process.argv.slice(2));
