// What callers may send about tasks.
import { z } from "zod";
import { categories, platformIds } from "../assets/input.ts";
import {
  artefactPatterns,
  expirySeconds,
  filesToPlace,
  rolling,
  runAs,
  targetsMax,
  timeoutSeconds,
} from "../automation/input.ts";
import { following, route } from "../notify/input.ts";
import { byId, displayName, page } from "../platform/input.ts";
import { parameterValues } from "../scripts/input.ts";

export const taskStates = ["active", "paused"] as const;
export type TaskState = (typeof taskStates)[number];

/** Quartz's names: run once for all that were missed, leave them, or run each of them up to a cap. */
export const misfires = ["fire_once_now", "do_nothing", "ignore"] as const;
export type Misfire = (typeof misfires)[number];

/** When a run is due and the last one has not ended. */
export const overlaps = ["skip", "queue", "replace", "parallel"] as const;
export type Overlap = (typeof overlaps)[number];

export const fireOutcomes = ["started", "queued", "skipped", "missed", "failed"] as const;
export type FireOutcome = (typeof fireOutcomes)[number];

export const timeZone = z.string().max(64).refine(isTimeZone, "must be a time zone of the IANA database, such as Europe/Berlin");

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[A-Za-z]/.test(name); // an offset such as +02:00 knows no summer time
  } catch {
    return false;
  }
}

const limits = {
  /** Nothing before, nothing after. */
  startsAt: z.iso.datetime({ offset: true }).optional(),
  endsAt: z.iso.datetime({ offset: true }).optional(),
  /** Calendars whose days are left out. */
  calendarIds: z.array(z.string().max(64)).max(10).default([]),
};

/** Of an interval the zone only says which day a moment falls on, for calendars. */
export const schedule = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("cron"),
    /** Five fields, or six with seconds first. */
    expression: z.string().trim().min(1).max(200),
    timeZone,
    ...limits,
  }),
  z.object({
    kind: z.literal("interval"),
    everySeconds: z.number().int().min(10).max(31_536_000),
    timeZone: timeZone.default("UTC"),
    ...limits,
  }),
  z.object({ kind: z.literal("once"), at: z.iso.datetime({ offset: true }) }),
]);
export type Schedule = z.infer<typeof schedule>;

const ids = (most: number) => z.array(z.string().min(1).max(64)).max(most).default([]);

/** Everything that any of these names, each asset once. */
export const targets = z.object({
  assetIds: ids(targetsMax),
  nodeIds: ids(500),
  /** `key:value`; an asset that has any of them. */
  labels: z.array(z.string().min(1).max(200)).max(100).default([]),
  /** Assets that all of these hold for. */
  where: z
    .object({
      zoneId: z.string().max(64).optional(),
      category: z.enum(categories).optional(),
      platform: z.enum(platformIds).optional(),
      /** In name or address. */
      search: z.string().trim().min(1).max(200).optional(),
    })
    .optional(),
  setIds: ids(20),
});
export type Targets = z.infer<typeof targets>;

const fields = {
  name: displayName,
  description: z.string().trim().max(2_000).default(""),
  scriptId: z.string().min(1).max(64),
  scriptVersion: z.number().int().min(1).nullable().default(null),
  parameters: parameterValues.default({}),
  files: filesToPlace,
  artefacts: artefactPatterns,
  targets,
  account: runAs.default("@agent"),
  rolling: rolling.nullable().default(null),
  timeoutSeconds,
  expirySeconds,
  schedule: schedule.nullable().default(null),
  misfire: z.enum(misfires).default("fire_once_now"),
  overlap: z.enum(overlaps).default("skip"),
  /** Channels it tells of what happens to it, besides those that the organisation tells of all tasks. */
  notices: z.array(route).max(20).default([]),
};

export const createTask = z.object(fields);
export type CreateTask = z.infer<typeof createTask>;
/** All of it: what a task does is read as one thing. */
export const changeTask = byId.extend(fields);
export type ChangeTask = z.infer<typeof changeTask>;
/** What the person who asks hears of it; null: what he hears of all tasks that are his. */
export const followTask = byId.extend({ following: following.nullable() });
export type FollowTask = z.infer<typeof followTask>;
export const cloneTask = byId.extend({ name: displayName });
export const previewTask = z.object({
  targets,
  account: runAs.default("@agent"),
  schedule: schedule.nullable().default(null),
});
export const listTasks = page.extend({
  state: z.enum(taskStates).optional(),
  scriptId: z.string().max(64).optional(),
  archived: z.stringbool().or(z.boolean()).default(false),
});
export type ListTasks = z.infer<typeof listTasks>;
export const listFires = byId.extend({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const saveCalendar = z.object({ name: displayName, days: z.array(z.iso.date()).min(1).max(1_000) });
export const saveTargetSet = z.object({ name: displayName, targets: targets.omit({ setIds: true }) });
