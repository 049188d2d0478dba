import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    globalSetup: ["src/testing/database-server.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2, // each file runs whole hubs
  },
});
