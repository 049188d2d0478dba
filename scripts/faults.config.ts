// The short form of every fault. They hold limits of time and memory, so nothing else runs meanwhile.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "faults",
    environment: "node",
    include: ["e2e/faults.test.ts"],
    maxConcurrency: 3, // of those that mostly wait; see Fault.busy
    testTimeout: 150_000,
  },
});
