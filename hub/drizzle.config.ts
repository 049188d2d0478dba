// For `npm run db:generate`: migrations are made from the schema files and committed.
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "postgresql", schema: "./src/*/schema.ts", out: "./migrations" });
