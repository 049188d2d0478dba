// What callers may send about rules.
import { z } from "zod";
import { hours, subject, target } from "../access/input.ts";
import { protocolNames } from "../assets/input.ts";
import { byId, displayName, network } from "../platform/input.ts";
import { level } from "../tickets/input.ts";

/** connection: somebody opens a terminal or a port. command: he types a line in a terminal. sign-in: he signs in to the console. */
export const ruleKinds = ["connection", "command", "sign-in"] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** allow: no later rule is asked. warn: of lines alone; it runs once it is confirmed. review: it waits until somebody else has looked at it. */
export const outcomes = ["allow", "warn", "review", "refuse"] as const;
export type Outcome = (typeof outcomes)[number];

/** words: as they are typed, each of them whole, with any space between. regex: in the syntax of RE2, anywhere in the line. Neither minds case. */
export const pattern = z.object({ kind: z.enum(["words", "regex"]), text: z.string().trim().min(1).max(500) });
export type Pattern = z.infer<typeof pattern>;
export const patternsMax = 200;

export const rule = z
  .object({
    kind: z.enum(ruleKinds),
    name: displayName,
    active: z.boolean().default(true),
    /** None: everybody. */
    subjects: z.array(subject).max(200).default([]),
    /** Of a sign-in: none. */
    targets: z.array(target).max(200).default([]),
    /** User names on the asset, `@all`, or a choice without an account, as in a grant. */
    accounts: z
      .array(z.string().regex(/^(@all|@same-name|@ask|@agent|[^@\s\p{Cc}]\S{0,127})$/u, "is no account name"))
      .max(100)
      .default(["@all"]),
    protocols: z
      .array(z.enum(["@all", ...protocolNames]))
      .max(20)
      .default(["@all"]),
    /** Networks that the person comes from; none: from anywhere. */
    addresses: z.array(network).max(100).default([]),
    /** Null: at any hour. */
    hours: hours.nullable().default(null),
    /** Of a command: any of them. */
    patterns: z.array(pattern).max(patternsMax).default([]),
    outcome: z.enum(outcomes),
    /** Of a review: who decides, and how long it waits for them. */
    level: level.nullable().default(null),
    /** For so long after an approval the same person is let through without another; of a command: so long it may wait in the terminal. */
    minutes: z.number().int().min(5).max(43_200).default(60),
    /** What the person is told. */
    says: z.string().trim().max(300).default(""),
  })
  .superRefine((given, context) => {
    const wrong = (path: keyof typeof given, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (given.kind !== "sign-in" && given.targets.length === 0) wrong("targets", "must name an asset, a node, a label, or all");
    if (given.kind === "sign-in" && given.targets.length > 0) wrong("targets", "must be empty: signing in is to no asset");
    if (given.kind === "command" && given.patterns.length === 0) wrong("patterns", "must hold at least one");
    if (given.kind !== "command" && given.patterns.length > 0) wrong("patterns", "must be empty: only commands have them");
    if (given.kind !== "command" && given.outcome === "warn")
      wrong("outcome", "must not be a warning: only commands can be confirmed");
    if ((given.outcome === "review") !== (given.level !== null)) wrong("level", "must be there for a review, and only then");
    if (given.accounts.length === 0) wrong("accounts", "must name at least one");
    if (given.protocols.length === 0) wrong("protocols", "must name at least one");
  });
export type RuleInput = z.infer<typeof rule>;

export const createRule = z.object({ rule });
/** All of it: a rule is read as one thing. seen: its `updatedAt` as the writer read it; another since then is a conflict, not an overwrite. */
export const changeRule = byId.extend({ rule, seen: z.iso.datetime().optional() });
export type ChangeRule = z.infer<typeof changeRule>;
/** before: the rule that it is to be asked before; null: it is asked last. */
export const moveRule = byId.extend({ before: z.string().max(64).nullable() });
/** Which of these patterns a line matches, before anybody is held up by them. */
export const tryPatterns = z.object({ patterns: z.array(pattern).max(patternsMax), line: z.string().max(2_000) });
/** What the rules would say to somebody at this moment. */
export const explainRules = z
  .object({
    kind: z.enum(ruleKinds),
    userId: z.string().max(64),
    /** Of a sign-in: none. */
    assetId: z.string().max(64).nullable().default(null),
    /** The user name on the asset, or a choice without an account, as in a grant; empty: a port, where nobody signs in. */
    account: z.string().trim().max(128).default(""),
    protocol: z.enum(protocolNames as [string, ...string[]]).default("ssh"),
    /** Where the person comes from; null: from where no rule names. */
    address: z.union([z.ipv4(), z.ipv6()]).nullable().default(null),
    /** Of a command. */
    line: z.string().max(2_000).default(""),
  })
  .refine(({ kind, assetId }) => (kind === "sign-in") === (assetId === null), {
    path: ["assetId"],
    message: "must be there unless somebody signs in",
  });
