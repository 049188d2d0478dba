// Whole-system tests: real processes of the built programs. The faults have a run of their own, see faults.config.ts.
import { defineConfig } from "vitest/config";
import { longestFirst } from "./src/testing/longest-first.ts";

export default defineConfig({
  test: {
    name: "e2e",
    environment: "node",
    include: ["e2e/**/*.test.ts"],
    exclude: ["e2e/faults.test.ts"],
    sequence: { sequencer: longestFirst(["console-pages", "start-and-stop", "custody", "predictive-echo"]) },
    maxWorkers: 3, // half of what they do is waiting for processes to start and browsers to draw
    testTimeout: 120_000,
    hookTimeout: 120_000, // a start on a cold disk makes a database and the agent's packages
  },
});
