// Every cut of a recording's last 64 KiB, 1,000 cuts anywhere and 1,000 bit flips: none may be called whole (some ten minutes).
// The faults themselves are the hub's own test; this runs all of it where `npm test` runs a sample.
import { spawn } from "node:child_process";
import path from "node:path";
import { places, root } from "../../src/launch/places.mjs";

const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const child = spawn(places.node, [vitest, "run", "src/logs/recording-faults.test.ts"], {
  cwd: path.join(root, "hub"),
  stdio: "inherit",
  env: { ...process.env, RECORDING_FAULTS: "all" },
});
child.once("close", (code) => {
  process.exitCode = code ?? 1;
});
