// `npm run faults [-- names] [--short]`: what Sallyport does when things break, as a table.
import { runOnNode24 } from "../src/launch/run-on-node-24.mjs";

process.exitCode = await runOnNode24("scripts/e2e/faults/main.ts", process.argv.slice(2));
