// Whole-system tests: real processes of the built programs, one file at a time because they share the machine's two cores.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "e2e",
    environment: "node",
    include: ["e2e/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000, // a start on a cold disk makes a database and the agent's packages
  },
});
