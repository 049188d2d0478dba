// Everything the API can reach, put together in hub.ts.
import type { AccessDeps } from "../access/manage-grants.ts";
import type { AssetDeps } from "../assets/deps.ts";
import type { VaultRotation } from "../assets/rotate-vault.ts";
import type { Checkpoints } from "../audit/checkpoints.ts";
import type { ExportState } from "../audit/export-events.ts";
import type { AutomationDeps } from "../automation/deps.ts";
import type { CustodyDeps } from "../custody/deps.ts";
import type { DatabaseDeps } from "../databases/deps.ts";
import type { LastAnswers } from "../databases/shell/last-answers.ts";
import type { FederationDeps } from "../federation/deps.ts";
import type { FileDeps } from "../files/deps.ts";
import type { FleetDeps } from "../fleet/deps.ts";
import type { IdentityDeps } from "../identity/deps.ts";
import type { EndWorkOf } from "../identity/manage-people.ts";
import type { NotifyDeps } from "../notify/deps.ts";
import type { Mailer } from "../notify/mailer.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Config } from "../platform/config.ts";
import type { HubKeys } from "../platform/hub-keys.ts";
import type { ReviewDeps } from "../reviews/deps.ts";
import type { RuleDeps } from "../rules/deps.ts";
import type { ScriptDeps } from "../scripts/deps.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import type { Screens } from "../sessions/screens.ts";
import type { TaskDeps } from "../tasks/deps.ts";
import type { BrowseDeps } from "../tickets/browse-database.ts";
import type { TicketDeps } from "../tickets/deps.ts";

export type ApiDeps = {
  config: Config;
  keys: HubKeys;
  version: string;
  /** Version of the agent this hub hands out. */
  agentVersion: string;
  startedAt: Date;
  /** The ports really listened on, known once the hub listens. */
  ports: { console: number; agents: number };
  database: { kind: "embedded" | "external"; version: string; ping(): Promise<void> };
  identity: IdentityDeps;
  federation: FederationDeps;
  checkpoints: Checkpoints;
  /** Files and receivers that events also go to. */
  auditExports(): ExportState[];
  fleet: FleetDeps;
  assets: AssetDeps;
  vaultRotation: VaultRotation;
  custody: { deps: CustodyDeps /** What was just asked for begins now. */; begin(): Promise<void> };
  databases: DatabaseDeps & BrowseDeps;
  access: AccessDeps;
  sessions: SessionDeps;
  scripts: ScriptDeps;
  files: FileDeps;
  automation: AutomationDeps;
  tasks: TaskDeps;
  rules: RuleDeps;
  tickets: TicketDeps;
  /** What SQL terminals were answered last. */
  lastAnswers: LastAnswers;
  reviews: ReviewDeps;
  screens: Screens;
  endWorkOf: EndWorkOf;
  /** Null without a mail server. */
  mailer: Mailer | null;
  outbox: Outbox;
  notify: NotifyDeps;
};
