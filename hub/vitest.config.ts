import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    globalSetup: ["src/testing/database-server.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2, // each file runs whole hubs
    isolate: false, // a hub's modules are loaded once a worker, not once a file: half the time
  },
});
