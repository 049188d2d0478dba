// Bundles the hub and its screen worker. Packages stay outside the bundle; our own TypeScript is all that is in it.
import { build } from "esbuild";

await build({
  entryPoints: { main: "src/main.ts", "screen-worker": "src/sessions/screen-worker.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  sourcemap: true,
  external: [
    "@peculiar/x509",
    "@trpc/*",
    "aedes",
    "better-auth",
    "better-auth/*",
    "drizzle-orm",
    "drizzle-orm/*",
    "pino",
    "postgres",
    "prom-client",
    "protobufjs",
    "protobufjs/*",
    "reflect-metadata",
    "sirv",
    "ws",
    "zod",
  ],
  logLevel: "warning",
});
