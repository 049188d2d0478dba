// Every fault, in the order of the table.
import { browserAway } from "./browser-away.ts";
import { clockSteps } from "./clock-steps.ts";
import { databaseAccounts } from "./database-accounts.ts";
import { databaseGone } from "./database-gone.ts";
import { diskFull } from "./disk-full.ts";
import type { Fault } from "./fault.ts";
import { flood } from "./flood.ts";
import { partsFrozen } from "./frozen.ts";
import { hubKilled } from "./hub-killed.ts";
import { lineCut } from "./line-cut.ts";
import { ordersPile } from "./orders-pile.ts";
import { runsAgentKilled } from "./runs-agent-killed.ts";
import { runsBadScripts } from "./runs-bad-scripts.ts";
import { runsClockSteps } from "./runs-clock-steps.ts";
import { runsDiskFull } from "./runs-disk-full.ts";
import { runsHubKilled } from "./runs-hub-killed.ts";
import { storm } from "./storm.ts";

export const faults: Fault[] = [
  hubKilled,
  lineCut,
  partsFrozen,
  ordersPile,
  browserAway,
  flood,
  databaseGone,
  diskFull,
  clockSteps,
  storm,
  runsHubKilled,
  runsAgentKilled,
  runsBadScripts,
  runsDiskFull,
  runsClockSteps,
  databaseAccounts,
];
