// Tests of the console's own rules. Browser behaviour is tested from scripts/e2e with a real hub.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "web", environment: "node", include: ["src/**/*.test.{ts,tsx}", "*.test.mjs"] },
});
