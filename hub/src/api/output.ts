// Shapes of what /api/v1 answers: OpenAPI is made from them, and tRPC drops whatever they do not name.
import { z } from "zod";
import { whyNots } from "../access/holds.ts";
import { actions, hours } from "../access/input.ts";
import { categories, platformIds } from "../assets/input.ts";
import { executionReasons, executionStates } from "../automation/execution-state.ts";
import { artefactStates, fileToPlace, placedStates, rolling, runStates, triggers } from "../automation/input.ts";
import { waitingFor } from "../automation/present.ts";
import { appliedCodes } from "../custody/apply-template.ts";
import { outcomeCodes } from "../custody/outcome.ts";
import { taskKinds } from "../custody/schema.ts";
import { following, taskNoticeKinds } from "../notify/input.ts";
import { parameter, parameterValues, visibilities } from "../scripts/input.ts";
import { endReasons } from "../sessions/session-state.ts";
import { fireOutcomes, misfires, overlaps, schedule, targets, taskStates } from "../tasks/input.ts";

const moment = z.iso.datetime();
const named = z.object({ id: z.string(), name: z.string() });

export const nothing = z.object({});
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable(), total: z.number().int() });

export const hostFacts = z.object({
  hostname: z.string(),
  osName: z.string(),
  osVersion: z.string(),
  kernel: z.string(),
  arch: z.string(),
  cpuModel: z.string(),
  cpuCount: z.number(),
  memoryBytes: z.number(),
  memoryFreeBytes: z.number(),
  disks: z.array(z.object({ mount: z.string(), filesystem: z.string(), sizeBytes: z.number(), freeBytes: z.number() })),
  addresses: z.array(z.string()),
  uptimeSeconds: z.number(),
  user: z.string(),
  root: z.boolean(),
  ownKey: z.object({ line: z.string(), problem: z.string() }).optional(),
  collectedAt: moment,
});

export const agent = z.object({
  id: z.string(),
  name: z.string(),
  zone: named,
  state: z.enum(["online", "offline", "revoked"]),
  version: z.string().nullable(),
  latestVersion: z.string(),
  address: z.string().nullable(),
  transport: z.enum(["mqtts", "wss"]).nullable(),
  enrolledAt: moment,
  lastSeenAt: moment.nullable(),
  onlineSince: moment.nullable(),
  roundTripUs: z.number().nullable(),
  duplicate: z.object({ seenAt: moment, addresses: z.array(z.string()) }).nullable(),
  clockSkewMs: z.number().nullable(),
  /** The owner of its host lets scripts run only with an approval; null while it is not online. */
  approvedOnly: z.boolean().nullable(),
  facts: hostFacts.nullable(),
  assetId: z.string(),
});

export const enrolmentToken = z.object({
  id: z.string(),
  token: z.string(),
  command: z.string(),
  unprivilegedCommand: z.string(),
  hubUrl: z.string(),
  hubUrls: z.array(z.string()),
  expiresAt: moment,
});

export const asset = z.object({
  id: z.string(),
  name: z.string(),
  category: z.enum(categories),
  platform: z.enum(platformIds),
  address: z.string(),
  zone: named,
  agentId: z.string().nullable(),
  online: z.boolean(),
  os: z.string().nullable(),
  protocols: z.array(z.object({ name: z.string(), port: z.number().int() })),
  labels: z.array(z.string()),
  nodeIds: z.array(z.string()),
  favourite: z.boolean(),
  active: z.boolean(),
  legacyAlgorithms: z.boolean(),
  critical: z.boolean(),
  signedApprovals: z.boolean(),
  /** Who answers for it. */
  ownerId: z.string().nullable(),
  comment: z.string(),
  may: z.object({ connect: z.boolean(), run: z.boolean() }),
  why: z.string().nullable(),
  accounts: z.array(z.object({ id: z.string(), username: z.string(), actions: z.array(z.enum(actions)) })),
  /** When some of what one may do there ends by time, within a week. */
  endsAt: moment.nullable(),
});

/** Of a database server: whose certificate it has to show. */
export const certificateCheck = z.object({
  authorities: z.array(z.object({ subject: z.string(), fingerprint: z.string(), expiresAt: moment })),
  serverName: z.string().nullable(),
});

export const hostKey = z.object({
  id: z.string(),
  algorithm: z.string(),
  fingerprint: z.string(),
  state: z.enum(["trusted", "offered", "refused"]),
  seenAt: moment,
  decidedAt: moment.nullable(),
});
export const nodes = z.array(z.object({ id: z.string(), path: z.string() }));
export const node = z.object({
  id: z.string(),
  name: z.string(),
  parentId: z.string().nullable(),
  assets: z.number().int(),
  children: z.number().int(),
});

export const account = z.object({
  id: z.string(),
  assetId: z.string(),
  username: z.string(),
  secretKind: z.enum(["password", "ssh-key"]),
  privileged: z.boolean(),
  active: z.boolean(),
  comment: z.string(),
  suFromId: z.string().nullable(),
  publicKey: z.string().nullable(),
  version: z.number().int(),
  checkedAt: moment.nullable(),
  checkFailure: z.string().nullable(),
  rotateEveryDays: z.number().int().nullable(),
  rotatedAt: moment.nullable(),
  pending: z.boolean(),
  updatedAt: moment,
});
const outcome = z.enum(outcomeCodes);
export const testedAsset = z.object({
  code: outcome,
  tried: z.array(z.object({ agent: named, code: outcome })),
  port: z.number().int().nullable(),
  tookMs: z.number().int(),
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});
export const attempt = z.object({ code: outcome, agent: z.string().nullable() });
export const accountTemplate = z.object({
  id: z.string(),
  name: z.string(),
  username: z.string(),
  privileged: z.boolean(),
  secret: z.enum(["new-password", "new-ssh-key", "password", "ssh-key"]),
  suFrom: z.string().nullable(),
  rotateEveryDays: z.number().int().nullable(),
  push: z.boolean(),
  comment: z.string(),
  /** That were made of it and are there. */
  accounts: z.number().int(),
  updatedAt: moment,
});
export const appliedTemplate = z.object({ assetId: z.string(), code: z.enum(appliedCodes), accountId: z.string().nullable() });
export const requestedWork = z.object({ added: z.number().int() });
export const accountTask = z.object({
  id: z.string(),
  accountId: z.string(),
  username: z.string(),
  kind: z.enum(taskKinds),
  state: z.enum(["waiting", "running", "done", "failed"]),
  code: outcome.nullable(),
  agent: z.string().nullable(),
  attempts: z.number().int(),
  by: z.string().nullable(),
  createdAt: moment,
  dueAt: moment,
  endedAt: moment.nullable(),
});
export const vaultState = z.object({
  key: z.number().int(),
  keys: z.number().int(),
  running: z.boolean(),
  failed: z.boolean(),
  done: z.number().int(),
  total: z.number().int(),
});
export const storedSecret = z.object({ version: z.number().int(), publicKey: z.string().nullable() });

const end = <Kind extends string>(kinds: [Kind, ...Kind[]]) =>
  z.object({ kind: z.enum(kinds), id: z.string(), name: z.string() });
export const foundSubject = end(["user", "group", "role"]).extend({ detail: z.string() });
export const foundTarget = end(["asset", "node", "label", "all"]).extend({ detail: z.string() });

export const explanation = z.object({
  barred: z.enum(["disabled", "role", "asset-off", "asset-gone"]).nullable(),
  accounts: z.array(
    z.object({
      id: z.string(),
      username: z.string(),
      actions: z.array(
        z.object({ action: z.enum(actions), grantId: z.string().nullable(), why: z.enum([...whyNots, "role"]).nullable() }),
      ),
    }),
  ),
  grants: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      subjects: z.array(z.string()),
      targets: z.array(z.string()),
      why: z.enum(whyNots).nullable(),
    }),
  ),
});

export const grant = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["active", "expired", "upcoming", "off", "revoked"]),
  subjects: z.array(end(["user", "group", "role"])),
  targets: z.array(end(["asset", "node", "label", "all"])),
  accounts: z.array(z.string()),
  protocols: z.array(z.string()),
  actions: z.array(z.enum(actions)),
  startsAt: moment.nullable(),
  expiresAt: moment.nullable(),
  hours: hours.nullable(),
  addresses: z.array(z.string()),
  active: z.boolean(),
  comment: z.string(),
  createdAt: moment,
  createdBy: z.string(),
  revokedAt: moment.nullable(),
  revokeReason: z.string().nullable(),
  /** The request that it was given for. */
  ticketId: z.string().nullable(),
  /** It is for the one script that was approved, and for nothing else that its actions say. */
  bound: z.boolean(),
});

export const session = z.object({
  id: z.string(),
  kind: z.enum(["shell", "sql", "dial"]),
  state: z.enum(["opening", "live", "ended"]),
  asset: named,
  user: named,
  account: z.string(),
  /** Opened under access that was taken in an emergency. */
  emergency: z.boolean(),
  port: z.number().nullable(),
  startedAt: moment,
  endedAt: moment.nullable(),
  durationMs: z.number(),
  endReason: z.enum(endReasons).nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  outputBytes: z.number(),
  viewers: z.number(),
  agentOnline: z.boolean(),
});

const counts = z.object({
  total: z.number(),
  held: z.number(),
  queued: z.number(),
  running: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  stopped: z.number(),
});

export const interpreter = z.object({ id: z.string(), program: z.string(), label: z.string(), builtIn: z.boolean() });

export const script = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  visibility: z.enum(visibilities),
  interpreter: z.string(),
  latest: z.number().int(),
  owner: named,
  archived: z.boolean(),
  createdAt: moment,
  updatedAt: moment,
  mayChange: z.boolean(),
});

export const keptFile = z.object({
  id: z.string(),
  name: z.string(),
  visibility: z.enum(visibilities),
  state: z.enum(["uploading", "ready"]),
  sizeBytes: z.number().int(),
  storedBytes: z.number().int(),
  sha256: z.string().nullable(),
  owner: named,
  createdAt: moment,
  uses: z.number().int(),
  mayRemove: z.boolean(),
});

export const fileHash = z.object({ sha256: z.string() });

const versionHead = {
  number: z.number().int(),
  hash: z.string(),
  interpreter: z.string(),
  note: z.string(),
  createdAt: moment,
};
export const scriptVersion = z.object({ ...versionHead, body: z.string(), parameters: z.array(parameter) });
export const scriptVersionLine = z.object({ ...versionHead, author: named });
export const versionNumber = z.object({ number: z.number().int() });
export const scriptWithVersion = script.extend({ version: scriptVersion });

export const run = z.object({
  id: z.string(),
  title: z.string(),
  trigger: z.enum(triggers),
  taskId: z.string().nullable(),
  /** The request under which it runs. */
  ticketId: z.string().nullable(),
  script: z.object({ id: z.string(), name: z.string(), version: z.number().int() }).nullable(),
  interpreter: z.string(),
  scriptHash: z.string(),
  state: z.enum(runStates),
  outcome: z.enum(["succeeded", "failed", "stopped", "mixed"]).nullable(),
  counts,
  createdAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  durationMs: z.number().nullable(),
  createdBy: named,
});

export const task = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  state: z.enum(taskStates),
  archived: z.boolean(),
  script: z.object({ id: z.string(), name: z.string(), version: z.number().int().nullable(), latest: z.number().int() }),
  schedule: schedule.nullable(),
  nextFireAt: moment.nullable(),
  lastRun: run.nullable(),
  owner: named,
  createdAt: moment,
  updatedAt: moment,
  mayChange: z.boolean(),
});
export const taskWithFields = task.extend({
  parameters: parameterValues,
  files: z.array(fileToPlace),
  artefacts: z.array(z.string()),
  targets,
  account: z.string(),
  rolling: rolling.nullable(),
  timeoutSeconds: z.number(),
  expirySeconds: z.number(),
  misfire: z.enum(misfires),
  overlap: z.enum(overlaps),
  notices: z.array(z.object({ channelId: z.string(), name: z.string(), kinds: z.array(z.enum(taskNoticeKinds)) })),
  /** What the person who asks has chosen to hear of it. */
  following: following.nullable(),
});
export const fire = z.object({
  id: z.string(),
  dueAt: moment,
  decidedAt: moment,
  outcome: z.enum(fireOutcomes),
  reason: z.string(),
  runId: z.string().nullable(),
  more: z.number().int(),
});
export const firesPage = z.object({ items: z.array(fire), nextCursor: z.string().nullable() });
const refusedTarget = z.object({ assetId: z.string(), name: z.string(), code: z.string() });
export const taskPreview = z.object({
  /** How many it would run on, the first of them by name, and those it may not run on. */
  allowed: z.number().int(),
  targets: z.array(named),
  refused: z.array(refusedTarget),
  refusedCount: z.number().int(),
  /** The nodes among the targets, by their paths. */
  nodes,
  fires: z.array(moment),
});
export const calendar = z.object({ id: z.string(), name: z.string(), days: z.array(z.string()) });
export const targetSet = z.object({ id: z.string(), name: z.string(), targets });

export const execution = z.object({
  id: z.string(),
  assetId: z.string(),
  assetName: z.string(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  zone: z.string(),
  region: z.string().nullable(),
  state: z.enum(executionStates),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  reason: z.enum(executionReasons).nullable(),
  waiting: z.enum(waitingFor).nullable(),
  message: z.string().nullable(),
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  durationMs: z.number().nullable(),
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
  truncated: z.boolean(),
  lastLine: z.string().nullable(),
  artefacts: z
    .object({
      bytes: z.number(),
      listed: z.array(z.object({ path: z.string(), size: z.number(), state: z.enum(artefactStates) })),
      unlisted: z.number().int(),
    })
    .nullable(),
  placing: z
    .object({ bytes: z.number(), files: z.array(z.object({ state: z.enum(placedStates), unchecked: z.boolean() })) })
    .nullable(),
});

export const executionsPage = z.object({ items: z.array(execution), total: z.number().int() });
const endGroup = z.object({
  executionId: z.string(),
  count: z.number().int(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  reason: z.enum(executionReasons).nullable(),
});
export const outputGroups = z.object({
  groups: z.array(endGroup.extend({ assetName: z.string(), digest: z.string().nullable() })),
  /** May be more than are shown; of executions that have ended. */
  groupCount: z.number().int(),
  total: z.number().int(),
  ends: z.array(endGroup),
});
export const outputDifference = z.object({
  lines: z.array(z.object({ stream: z.enum(["stdout", "stderr"]), change: z.enum(["added", "removed"]), text: z.string() })),
  /** Changed lines that are not shown. */
  more: z.number().int(),
  /** One of the outputs is longer than what was compared. */
  cut: z.boolean(),
  /** They have too little in common to be compared line by line. */
  unlike: z.boolean(),
});
export const runTargets = z.object({ assetIds: z.array(z.string()) });
export const runWithExecutions = run.extend({
  body: z.string(),
  parameters: parameterValues,
  account: z.string(),
  rolling: rolling.nullable(),
  refused: z.array(refusedTarget),
  expirySeconds: z.number(),
  /** `variable`: the script's parameter that it is the value of; then `path` is empty, since each execution has its own. */
  files: z.array(
    fileToPlace.extend({
      path: z.string(),
      name: z.string(),
      sizeBytes: z.number(),
      sha256: z.string(),
      variable: z.string().optional(),
    }),
  ),
  artefacts: z.array(z.string()),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  timeoutSeconds: z.number(),
  executions: z.array(execution),
});
export const auditEvent = z.object({
  seq: z.number().int(),
  id: z.string(),
  at: moment,
  kind: z.string(),
  actor: named.nullable(),
  subject: z.object({ kind: z.string(), id: z.string(), name: z.string() }).nullable(),
  data: z.record(z.string(), z.unknown()),
  ip: z.string().nullable(),
  hash: z.string(),
});
export const listOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });
export const created = z.object({ id: z.string() });
