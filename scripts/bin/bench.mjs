// `npm run bench -- relay|footprint [--json FILE] [--rounds N] [--samples N]`: runs the measurements on the checkout's own Node.
import { runOnNode24 } from "../src/launch/run-on-node-24.mjs";

process.exitCode = await runOnNode24("scripts/src/bench/main.ts", process.argv.slice(2));
