// What callers may send to automation.
import {
  artefactPattern,
  artefactPatternBytesMax,
  artefactPatternsMax,
  filesPerRunMax,
  scriptArgumentBytesMax,
  scriptArgumentsMax,
} from "@sallyport/protocol/limits";
import { z } from "zod";
import { byId, page } from "../platform/input.ts";
import { parameterValues, processText, program, scriptBody, variableName } from "../scripts/input.ts";

export const triggers = ["person", "schedule", "again", "ticket"] as const;
export type Trigger = (typeof triggers)[number];

/** A run resolves and keeps every target of its own; more than a fleet has is a mistake. */
export const targetsMax = 10_000;

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** So many, or so many of a hundred; rounded up, so that some of something is never none. */
export const amount = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("count"), value: z.number().int().min(1).max(targetsMax) }),
  z.object({ kind: z.literal("percent"), value: z.number().int().min(1).max(100) }),
]);
export type Amount = z.infer<typeof amount>;

/** How a run goes over its targets. Everything left out is without limit. */
export const rolling = z.object({
  /** At most so many at once. */
  window: amount.optional(),
  /** The next so many only when these have ended. */
  batch: amount.optional(),
  /** The first so many go alone. */
  canary: amount.optional(),
  /** After the canaries somebody must say that it goes on. */
  pauseAfterCanary: z.boolean().default(false),
  /** At most so many begin in a minute. */
  perMinute: z.number().int().min(1).max(60_000).optional(),
  /** At most so many at once through one agent. */
  perAgent: z.number().int().min(1).max(1_000).optional(),
  /** With more failures than these it halts. Of a hundred: of those that have ended. */
  maxErrors: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("count"), value: z.number().int().min(0).max(targetsMax) }),
      z.object({ kind: z.literal("percent"), value: z.number().int().min(0).max(100) }),
    ])
    .optional(),
  /** Before so many have ended it does not halt. */
  minExecuted: z.number().int().min(1).max(targetsMax).default(1),
});
export type Rolling = z.infer<typeof rolling>;

/** An account or group of a host by its name, or by its number. */
const hostAccount = z.string().regex(/^([a-z_][a-z0-9_.-]{0,31}\$?|\d{1,9}|)$/, "must be an account's name or number");

/** Where a kept file goes, on every target of the run. */
export const fileToPlace = z.object({
  fileId: z.string().min(1).max(64),
  path: z
    .string()
    .max(1_024)
    .regex(/^\/[^\p{Cc}]*[^\p{Cc}/]$/u, "must be an absolute path of a file")
    .refine((path) => !path.split("/").some((part) => part === ".." || part === "."), "must not hold . or .."),
  /** Octal, without set-user-id and its like. */
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "must be three octal digits")
    .default("644"),
  /** Empty: whoever the agent, or the login on a neighbour, is. */
  owner: hostAccount.default(""),
  group: hostAccount.default(""),
  /** What stands there already: gives way, or stays. */
  existing: z.enum(["replace", "keep"]).default("replace"),
});
export type FileToPlace = z.infer<typeof fileToPlace>;

/**
 * With what the file was when the run was made: its name and content never change. `variable`: the script's parameter that it is the value of; then it
 * has no path before an execution gives it one.
 */
export type RunFile = FileToPlace & { name: string; sizeBytes: number; sha256: string; variable?: string };

/** What became of a file on a host; `unchanged`: the same content stood there; `kept`: something did, and was to stay. */
export const placedStates = ["placed", "unchanged", "kept"] as const;
/** `files`: in the run's order, as far as it came. `unchecked`: the host had no program to compare the content with its hash. */
export type Placing = { bytes: number; files: { state: (typeof placedStates)[number]; unchecked: boolean }[] };

/** What agents check of an approval, as it lies in a row; everything base64. */
export type KeptApproval = {
  approval: string;
  signature: string;
  passkeys: { authenticatorData: string; clientData: string; signature: string }[];
};

/** A target that was meant and is not run on; `code` as in docs/errors.md. */
export type Refused = { assetId: string; name: string; code: string };

/** As whom on neighbours: a user name of the vault, or a choice that needs none there. */
export const runAs = processText.trim().min(1).max(128);

export const timeoutSeconds = z.number().int().min(1).max(86_400).default(3_600);
/** The longest is a week: what waits longer belongs into a schedule. */
export const expirySeconds = z.number().int().min(10).max(604_800).default(3_600);

export const filesToPlace = z.array(fileToPlace).max(filesPerRunMax).default([]);

/** What is collected from each host: absolute paths, `*` in the last part. */
export const artefactPatterns = z
  .array(
    z
      .string()
      .regex(artefactPattern, "must be an absolute path without . and .., with * in its last part only")
      .refine((path) => bytes(path) <= artefactPatternBytesMax, `must be at most ${artefactPatternBytesMax} bytes`),
  )
  .max(artefactPatternsMax)
  .refine((paths) => new Set(paths).size === paths.length, "must not hold one path twice")
  .default([]);

export const artefactStates = ["collected", "beyond-cap", "unreadable", "no-file", "not-there", "no-room", "stopped"] as const;
/** `bytes`: of the archive that the hub has. `listed`: what was left out first; paths are from the host. `unlisted`: how many more there are. */
export type Artefacts = {
  bytes: number;
  listed: { path: string; size: number; state: (typeof artefactStates)[number] }[];
  unlisted: number;
};

const limits = {
  timeoutSeconds,
  expirySeconds,
  rolling: rolling.optional(),
  account: runAs.default("@agent"),
  title: processText.trim().max(200).optional(),
  files: filesToPlace,
};
const assetIds = z.array(z.string().max(64)).min(1).max(targetsMax);

/** Written for this run. */
export const writtenRun = z
  .object({
    assetIds,
    script: scriptBody,
    interpreter: program,
    args: z.array(processText).max(scriptArgumentsMax).default([]),
    env: z
      .record(variableName, processText)
      .default({})
      .refine((env) => Object.keys(env).length <= scriptArgumentsMax, `at most ${scriptArgumentsMax} variables`),
    artefacts: artefactPatterns,
    ...limits,
  })
  .refine(
    (run) => bytes([...run.args, ...Object.entries(run.env).flat()].join("")) <= scriptArgumentBytesMax,
    `arguments and environment together must be at most ${scriptArgumentBytesMax} bytes`,
  );
/** Kept before; the newest version where none is named. */
export const keptRun = z.object({
  assetIds,
  scriptId: z.string().max(64),
  version: z.number().int().min(1).optional(),
  parameters: parameterValues.default({}),
  artefacts: artefactPatterns,
  ...limits,
});

/** Files alone. Strict: a script that was named wrongly must not be left out. */
export const filesRun = z.strictObject({ assetIds, ...limits, files: z.array(fileToPlace).min(1).max(filesPerRunMax) });

export const createRun = z.union([writtenRun, keptRun, filesRun]);
export type CreateRun = z.infer<typeof createRun>;

export const runStates = ["queued", "running", "paused", "halted", "stopping", "finished"] as const;
export const listRuns = page.extend({
  state: z.enum(runStates).optional(),
  taskId: z.string().max(64).optional(),
  scriptId: z.string().max(64).optional(),
});

/** `executions`: false leaves them out, for who asks for them by pages. */
export const getRun = byId.extend({ executions: z.stringbool().or(z.boolean()).default(true) });

/** The five kinds of execution that people tell apart. */
export const executionGroups = ["failed", "running", "waiting", "stopped", "succeeded"] as const;
export type ExecutionGroup = (typeof executionGroups)[number];

const flag = z.stringbool().or(z.boolean()).default(false);
/** Outputs that differ by values only (numbers, times, the host's own names) count as the same. */
const ignoreNumbers = flag;

/** By place, not by cursor: a run's executions are as many from its beginning to its end. */
export const listExecutions = byId.extend({
  group: z.enum(executionGroups).optional(),
  /** In the asset's name. */
  search: z.string().trim().max(200).optional(),
  /** One that has ended: those with the same end and output. */
  sameAs: z.string().max(64).optional(),
  ignoreNumbers,
  executionId: z.string().max(64).optional(),
  offset: z.coerce.number().int().min(0).max(targetsMax).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
export type ListExecutions = z.infer<typeof listExecutions>;

/** endLike: one that has ended; only those that ended as it did. */
export const compareRun = byId.extend({ ignoreNumbers, endLike: z.string().max(64).optional() });
export type CompareRun = z.infer<typeof compareRun>;

/** Of an execution: how its output differs from that of another one. */
export const differenceOf = byId.extend({ from: z.string().min(1).max(64), ignoreNumbers });
export type DifferenceOf = z.infer<typeof differenceOf>;

const alike = { sameAs: z.string().max(64).optional(), ignoreNumbers };
const namesOne = ({ which, sameAs }: { which: string; sameAs?: string | undefined }) => which !== "alike" || sameAs !== undefined;
const namesOneMessage = { path: ["sameAs"], message: "must name one of them" };

/** Where a run went: all of it, those that failed, or those that ended and printed as one did. */
export const runTargets = byId.extend({ which: z.enum(["all", "failed", "alike"]), ...alike }).refine(namesOne, namesOneMessage);

/** Once more, on those that failed, on these, or on those that ended and printed as one did. */
export const runAgain = byId
  .extend({
    which: z.enum(["failed", "chosen", "alike"]),
    executionIds: z.array(z.string().max(64)).max(targetsMax).default([]),
    ...alike,
  })
  .refine(namesOne, namesOneMessage);
export type RunAgain = z.infer<typeof runAgain>;
export type RunTargets = Omit<z.infer<typeof runTargets>, "which"> & { which: "all" | RunAgain["which"] };
