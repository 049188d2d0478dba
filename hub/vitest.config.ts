import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    globalSetup: ["src/testing/database-server.ts"],
    // Waits end when what is waited for is there. Tests that hold a limit of time have a `retry` of their own: a machine that is busy with others
    // misses it once, a fault misses it each time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3, // each file runs whole hubs, and waits for a database half of its time
    isolate: false, // a hub's modules are loaded once a worker, not once a file: half the time
  },
});
