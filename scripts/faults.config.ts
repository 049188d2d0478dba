// The short form of every fault, beside the whole-system tests. How fast it is only their long forms say, on a machine that does nothing else.
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
