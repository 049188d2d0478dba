// What callers may send about tickets.
import { approvalRunsMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { actions, target } from "../access/input.ts";
import { protocolNames } from "../assets/input.ts";
import { artefactPatterns, filesToPlace, runAs, timeoutSeconds } from "../automation/input.ts";
import { place, placeName, placesMax, privileges } from "../databases/input.ts";
import { passkeyAnswer } from "../identity/input.ts";
import { byId, displayName, page } from "../platform/input.ts";
import { parameterValues } from "../scripts/input.ts";

/** What people ask for. */
export const askableKinds = ["server", "database", "script"] as const;
/** What a rule raises when somebody connects, types a line or signs in: it waits until somebody else has looked at it. */
export const raisedKinds = ["connection", "command", "sign-in"] as const;
export const ticketKinds = [...askableKinds, ...raisedKinds] as const;
export type TicketKind = (typeof ticketKinds)[number];

/** Longer than this is no visit: a grant of its own is what is meant. */
export const minutesMax = 90 * 1_440;
const minutes = z.number().int().min(5).max(minutesMax);
const ids = (most: number) => z.array(z.string().min(1).max(64)).min(1).max(most);

/** Access to servers for a while. startsAt: null when it begins with the approval. */
export const serverAccess = z.object({
  kind: z.literal("server"),
  assetIds: ids(50),
  /** User names of the vault, or a choice without one: as in a grant. */
  accounts: z
    .array(z.string().regex(/^(@same-name|@ask|@agent|[^@\s\p{Cc}]\S{0,127})$/u, "is no account name"))
    .min(1)
    .max(20),
  protocols: z
    .array(z.enum(["@all", ...protocolNames]))
    .min(1)
    .max(20)
    .default(["@all"]),
  actions: z.array(z.enum(actions)).min(1).max(actions.length),
  startsAt: z.iso.datetime({ offset: true }).nullable().default(null),
  minutes,
});
export type ServerAccess = z.infer<typeof serverAccess>;

/** One version of a script with these parameters, on these assets, so often: this and nothing else. */
export const scriptRun = z.object({
  kind: z.literal("script"),
  assetIds: ids(50),
  scriptId: z.string().min(1).max(64),
  version: z.number().int().min(1),
  parameters: parameterValues.default({}),
  account: runAs.default("@agent"),
  timeoutSeconds,
  /** Placed before it begins, and collected after it ended: as of a run. */
  files: filesToPlace,
  artefacts: artefactPatterns,
  runs: z.number().int().min(1).max(approvalRunsMax).default(1),
  /** Who may begin it besides whoever asks; null: nobody. */
  runBy: z.string().min(1).max(64).nullable().default(null),
  /** The first run begins by itself when its time comes. */
  automatic: z.boolean().default(false),
  startsAt: z.iso.datetime({ offset: true }).nullable().default(null),
  minutes,
});
export type ScriptRun = z.infer<typeof scriptRun>;
/** An account on a database server for a while, that may do this and nothing else. It is named after the person and made when it is approved. */
export const databaseAccess = z.object({
  kind: z.literal("database"),
  assetId: z.string().min(1).max(64),
  places: z.array(place).min(1).max(placesMax),
  startsAt: z.iso.datetime({ offset: true }).nullable().default(null),
  minutes,
});
export type DatabaseAccess = z.infer<typeof databaseAccess>;
export const askable = z.discriminatedUnion("kind", [serverAccess, databaseAccess, scriptRun]);
export type Askable = z.infer<typeof askable>;

const raisedBy = { ruleId: z.string().max(64), rule: z.string().max(200), startsAt: z.null(), minutes: z.number().int().min(1) };
/** Somebody connects: as whom, by what, from where. minutes: for so long he may connect again without being looked at. */
export const connectionReview = z.object({
  kind: z.literal("connection"),
  ...raisedBy,
  assetId: z.string().max(64),
  /** As it is chosen when it is opened; empty for a connection to a port, where nobody signs in. */
  accountChoice: z.string().max(64),
  account: z.string().max(128),
  protocol: z.string().max(32),
  address: z.string().max(64).nullable(),
});
export type ConnectionReview = z.infer<typeof connectionReview>;
/** Of a line that is typed so much is shown to whoever decides; longer ones are refused, since nobody approves what he does not see. */
export const reviewedLineMax = 2_000;
/** Somebody typed a line in a terminal, which waits there. minutes: how long it may wait after it was approved. */
export const commandReview = z.object({
  kind: z.literal("command"),
  ...raisedBy,
  assetId: z.string().max(64),
  sessionId: z.string().max(64),
  account: z.string().max(128),
  line: z.string().max(reviewedLineMax),
});
export type CommandReview = z.infer<typeof commandReview>;
/** Somebody signs in to the console. minutes: for so long he may sign in again from there without being looked at. */
export const signInReview = z.object({
  kind: z.literal("sign-in"),
  ...raisedBy,
  address: z.string().max(64).nullable(),
  browser: z.string().max(200),
});
export type SignInReview = z.infer<typeof signInReview>;

export const asked = z.discriminatedUnion("kind", [...askable.options, connectionReview, commandReview, signInReview]);
export type Asked = z.infer<typeof asked>;
/** What a rule raises. */
export type Raised = ConnectionReview | CommandReview | SignInReview;

const words = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, "must not contain control characters");
const lines = z
  .string()
  .trim()
  .regex(/^([^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]|\n)*$/u, "must not contain control characters");

const fields = {
  title: displayName,
  reason: lines.min(1).max(2_000),
  references: z.array(words.min(1).max(500)).max(20).default([]),
  asked: askable,
};
/** submit: false keeps it as a draft that nobody else sees. */
export const openTicket = z.object({ ...fields, submit: z.boolean().default(true) });
export type OpenTicket = z.infer<typeof openTicket>;
export const changeTicket = byId.extend({ ...fields, submit: z.boolean().default(false) });
export type ChangeTicket = z.infer<typeof changeTicket>;
/** The same once more, from when it ends. */
export const extendTicket = byId.extend({ minutes, reason: lines.min(1).max(2_000) });

/** As it stands in the mail; see decision-links.ts. */
const decisionLink = z.string().regex(/^[A-Za-z0-9_-]{1,1000}$/, "is no link of this hub");
export const lookAtLink = z.object({ link: decisionLink });

export const decisions = ["approve", "reject"] as const;
export type Decision = (typeof decisions)[number];
/** approval: base64, as tickets.proposeApproval gave it. answer: of a passkey, whose challenge is its hash. */
const signedByPasskey = z.object({ approval: z.base64().max(100_000), answer: passkeyAnswer });
export type SignedByPasskey = z.infer<typeof signedByPasskey>;
/** narrowed: what is to be approved of what was asked. */
export const proposeApproval = byId.extend({ narrowed: asked.optional() });
export type ProposeApproval = z.infer<typeof proposeApproval>;
/** narrowed: what is approved of what was asked; left out: all of it. signed: of the last approval of a script. */
export const decideTicket = byId.extend({
  decision: z.enum(decisions),
  comment: lines.max(2_000).default(""),
  narrowed: asked.optional(),
  /** Of the mail that it was opened from. */
  link: decisionLink.optional(),
  signed: signedByPasskey.optional(),
});
export type DecideTicket = z.infer<typeof decideTicket>;
/** assetIds: fewer than were approved; left out: all of them. */
export const runTicket = byId.extend({ assetIds: ids(50).optional() });
export type RunTicket = z.infer<typeof runTicket>;
export const endTicket = byId.extend({ reason: words.max(500).default("") });
export const commentTicket = byId.extend({ text: lines.min(1).max(2_000) });

/**
 * How it came: somebody asked, another system asked for him, it gave at once what nobody decided here, somebody took it in an emergency, or a rule raised it.
 */
export const ticketOrigins = ["asked", "on-behalf", "at-once", "emergency", "rule"] as const;
export type TicketOrigin = (typeof ticketOrigins)[number];

export const ticketStates = ["draft", "pending", "approved", "rejected", "withdrawn", "lapsed", "ended"] as const;
/** box: those one has asked for, those that wait for one's decision, or all with tickets.read-all. */
export const listTickets = page.extend({
  box: z.enum(["mine", "to-decide", "all"]).default("mine"),
  state: z.enum(ticketStates).optional(),
});
export type ListTickets = z.infer<typeof listTickets>;
export const findRequestable = z.object({
  kind: z.enum(askableKinds),
  search: z.string().trim().max(100).default(""),
  /** Only these, as far as they may be asked for; in an address with commas between them. */
  ids: z
    .array(z.string().max(64))
    .or(z.string().transform((text) => text.split(",")))
    .pipe(z.array(z.string().max(64)).max(50))
    .optional(),
});

/** Who decides. manager: the requester's. asset-owner: of any of the assets asked for. */
export const approver = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["user", "group", "role"]), id: z.string().min(1).max(64) }),
  z.object({ kind: z.enum(["manager", "asset-owner"]) }),
]);
export type Approver = z.infer<typeof approver>;
const approvers = z.array(approver).max(20);

export const level = z.object({
  approvers: approvers.min(1),
  /** any: one of them; all: each of them; count: so many of them. */
  need: z.discriminatedUnion("kind", [
    z.object({ kind: z.enum(["any", "all"]) }),
    z.object({ kind: z.literal("count"), value: z.number().int().min(1).max(20) }),
  ]),
  /** When nobody has decided by then, `escalateTo` may as well; without them the ticket lapses. Null: it waits. */
  minutes: z.number().int().min(5).max(43_200).nullable().default(null),
  escalateTo: approvers.default([]),
});
export type Level = z.infer<typeof level>;

/** privileged: only requests that name a privileged account or write to a database, or only such that do not; null: both. */
export const flowMatch = z.object({
  kinds: z.array(z.enum(askableKinds)).min(1).max(askableKinds.length),
  targets: z.array(target).min(1).max(100),
  privileged: z.boolean().nullable().default(null),
});
export type FlowMatch = z.infer<typeof flowMatch>;

/**
 * Approves by itself what is no longer and no more than this, for people of these groups; no groups: for everybody. Never a script that places or collects
 * files: on an agent's own host that is mostly any file.
 */
export const autoApproval = z.object({
  minutesMax: minutes,
  actions: z.array(z.enum(actions)).min(1).max(actions.length),
  /** Of requests for databases; left out: reading alone. */
  privileges: z.array(z.enum(privileges)).min(1).max(privileges.length).default(["select"]),
  groupIds: z.array(z.string().min(1).max(64)).max(20).default([]),
});
export type AutoApproval = z.infer<typeof autoApproval>;

const flowFields = {
  name: displayName,
  active: z.boolean().default(true),
  position: z.number().int().min(0).max(1_000).default(0),
  match: flowMatch,
  levels: z.array(level).min(1).max(5),
  auto: autoApproval.nullable().default(null),
  /** Whoever decided one level of a request may decide a later one of it as well. */
  mayRepeat: z.boolean().default(false),
};
export const createFlow = z.object(flowFields);
export type CreateFlow = z.infer<typeof createFlow>;
export const changeFlow = byId.extend(flowFields);
export type ChangeFlow = z.infer<typeof changeFlow>;

/** Null ends it. */
export const setSubstitute = z.object({
  substitute: z
    .object({
      id: z.string().min(1).max(64),
      from: z.iso.datetime({ offset: true }),
      until: z.iso.datetime({ offset: true }),
    })
    .refine(({ from, until }) => new Date(from) < new Date(until), { path: ["until"], message: "must be later than the start" })
    .nullable(),
});

/** A person as other systems know him: by e-mail address or user name. */
const person = z.string().trim().min(1).max(254);
export const openFor = z.object({ requester: person, ...fields });
export type OpenFor = z.infer<typeof openFor>;
/** person: in whose name it is decided; he must be one who is asked. */
export const decideFor = decideTicket.omit({ link: true }).extend({ person });
export type DecideFor = z.infer<typeof decideFor>;
/** An asset as other systems know it: its name, its address or its id. */
const assetNamed = z.string().trim().min(1).max(253);
/**
 * What another system has decided to give. assets: by name, address or id. account: the accounts of the vault that have power over the asset, or those that
 * have none. reference: the number or address of the ticket there.
 */
export const giveServers = z.object({
  user: person,
  assets: z.array(assetNamed).min(1).max(50),
  account: z.enum(["normal", "privileged"]),
  actions: z.array(z.enum(actions)).min(1).max(actions.length).default(["connect"]),
  minutes,
  reason: lines.min(1).max(2_000),
  reference: words.min(1).max(500).optional(),
});
export type GiveServers = z.infer<typeof giveServers>;
/** tables: tables and views; null for all there are and will be. Otherwise as a place in databases/input.ts. */
const givenPlace = place
  .omit({ table: true, privileges: true })
  .extend({ tables: z.array(placeName).min(1).max(placesMax).nullable().default(null) });
/**
 * The same of a database server, by name, address or id. access: reading is SELECT; writing is INSERT, UPDATE and DELETE besides, and not EXECUTE.
 * Together at most {@link placesMax} tables.
 */
export const giveDatabases = z.object({
  user: person,
  asset: assetNamed,
  places: z
    .array(givenPlace)
    .min(1)
    .max(placesMax)
    .refine((places) => places.reduce((sum, { tables }) => sum + (tables?.length ?? 1), 0) <= placesMax, {
      message: `must not name more than ${placesMax} tables`,
    }),
  access: z.enum(["read", "write"]),
  minutes,
  reason: lines.min(1).max(2_000),
  reference: words.min(1).max(500).optional(),
});
export type GiveDatabases = z.infer<typeof giveDatabases>;

/** Longer than this is no emergency. */
export const breakGlassMinutesMax = 240;
const breakGlassMinutes = z.number().int().min(5).max(breakGlassMinutesMax);
/** minutes: within what the organisation allows. */
export const breakGlass = z.object({
  assetIds: ids(20),
  accounts: serverAccess.shape.accounts,
  actions: z.array(z.enum(actions)).min(1).max(actions.length).default(["connect"]),
  reason: lines.min(1).max(2_000),
  minutes: breakGlassMinutes,
});
export type BreakGlass = z.infer<typeof breakGlass>;
export const findForBreakGlass = z.object({ search: z.string().trim().max(100).default("") });
export const setBreakGlassRules = z.object({ minutesMax: breakGlassMinutes });
export const reviewTicket = byId.extend({ findings: lines.min(1).max(2_000) });
