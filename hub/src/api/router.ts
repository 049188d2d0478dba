// The whole API, by room. The console knows it by its type alone.
import { auditRouter } from "./routers/audit.ts";
import { authRouter } from "./routers/auth.ts";
import { fleetRouter } from "./routers/fleet.ts";
import { eventsRouter, homeRouter, settingsRouter } from "./routers/overview.ts";
import { accessRouter, keysRouter, peopleRouter } from "./routers/people.ts";
import { assetsRouter, runsRouter, sessionsRouter } from "./routers/work.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  access: accessRouter,
  assets: assetsRouter,
  audit: auditRouter,
  auth: authRouter,
  events: eventsRouter,
  fleet: fleetRouter,
  home: homeRouter,
  keys: keysRouter,
  people: peopleRouter,
  runs: runsRouter,
  sessions: sessionsRouter,
  settings: settingsRouter,
});

export type AppRouter = typeof appRouter;
