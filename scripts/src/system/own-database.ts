// The embedded database of a hub that a test or a measurement started for itself, past the hub: rows by the thousand, and questions no door answers.
import path from "node:path";
import postgres, { type Sql } from "postgres";

/** End it when done. */
export const ownDatabase = (dataDir: string): Sql =>
  postgres({ host: path.join(dataDir, "socket"), user: "sallyport", database: "sallyport", max: 1, onnotice: () => {} });
