// Bundles the hub, its screen worker and the verifiers of recordings and of the audit log with everything they use: one file loads in a third of the time that a thousand take,
// and what nobody calls is left out.
import { build } from "esbuild";

await build({
  entryPoints: {
    main: "src/main.ts",
    "screen-worker": "src/sessions/screen-worker.ts",
    verify: "src/logs/verify-main.ts",
    "audit-verify": "src/audit/verify-main.ts",
  },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  sourcemap: true,
  // CommonJS packages inside the bundle still ask for Node's own modules with require, and for their folder.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url); const __dirname = import.meta.dirname;',
  },
  external: [
    "pino", // resolves files beside itself
    "cpu-features", // ssh2's native helpers, which it does without
    "*.node",
    "@aws-sdk/client-s3", // loaded only where recordings go to an object store
  ],
  logLevel: "warning",
});
