// Tests of the scripts themselves. Whole-system tests have their own configuration, e2e.config.ts.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "scripts", environment: "node", include: ["src/**/*.test.ts"] },
});
