// Tests of the agent: real sockets, real terminals, real processes.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    globalSetup: ["src/testing/build-programs.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two processors: more files at once would only make every wait longer.
    maxWorkers: 2,
  },
});
