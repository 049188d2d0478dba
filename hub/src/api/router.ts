// The whole API, by room. The console knows it by its type alone.
import { accessRouter } from "./routers/access.ts";
import { accountsRouter, assetsRouter, nodesRouter } from "./routers/assets.ts";
import { auditRouter } from "./routers/audit.ts";
import { authRouter } from "./routers/auth.ts";
import { breakGlassRouter } from "./routers/break-glass.ts";
import { custodyRouter } from "./routers/custody.ts";
import { databasesRouter } from "./routers/databases.ts";
import { filesRouter } from "./routers/files.ts";
import { fleetRouter } from "./routers/fleet.ts";
import { groupsRouter } from "./routers/groups.ts";
import { guestsRouter } from "./routers/guests.ts";
import { noticesRouter } from "./routers/notices.ts";
import { organisationsRouter } from "./routers/organisations.ts";
import { eventsRouter, homeRouter, settingsRouter } from "./routers/overview.ts";
import { passkeysRouter } from "./routers/passkeys.ts";
import { keysRouter, peopleRouter } from "./routers/people.ts";
import { providersRouter } from "./routers/providers.ts";
import { reviewsRouter } from "./routers/reviews.ts";
import { rolesRouter } from "./routers/roles.ts";
import { rulesRouter } from "./routers/rules.ts";
import { interpretersRouter, scriptsRouter } from "./routers/scripts.ts";
import { signInPolicyRouter } from "./routers/sign-in-policy.ts";
import { calendarsRouter, targetSetsRouter, tasksRouter } from "./routers/tasks.ts";
import { templatesRouter } from "./routers/templates.ts";
import { ticketDeskRouter } from "./routers/ticket-desk.ts";
import { ticketsRouter } from "./routers/tickets.ts";
import { runsRouter, sessionsRouter } from "./routers/work.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  access: accessRouter,
  accounts: accountsRouter,
  assets: assetsRouter,
  audit: auditRouter,
  auth: authRouter,
  breakGlass: breakGlassRouter,
  calendars: calendarsRouter,
  custody: custodyRouter,
  databases: databasesRouter,
  events: eventsRouter,
  files: filesRouter,
  fleet: fleetRouter,
  groups: groupsRouter,
  guests: guestsRouter,
  home: homeRouter,
  interpreters: interpretersRouter,
  keys: keysRouter,
  nodes: nodesRouter,
  notices: noticesRouter,
  organisations: organisationsRouter,
  passkeys: passkeysRouter,
  people: peopleRouter,
  providers: providersRouter,
  reviews: reviewsRouter,
  roles: rolesRouter,
  rules: rulesRouter,
  runs: runsRouter,
  scripts: scriptsRouter,
  sessions: sessionsRouter,
  settings: settingsRouter,
  signInPolicy: signInPolicyRouter,
  targetSets: targetSetsRouter,
  tasks: tasksRouter,
  templates: templatesRouter,
  ticketDesk: ticketDeskRouter,
  tickets: ticketsRouter,
});

export type AppRouter = typeof appRouter;
