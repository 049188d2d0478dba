// What callers may send to identity.
import { z } from "zod";
import { importFile } from "../csv/input.ts";
import { byId, displayName, network, page } from "../platform/input.ts";

/** Length is what counts (NIST SP 800-63B §5.1.1); 200 bounds the work of hashing. */
export const password = z.string().min(10).max(200);
export const email = z.email().max(254).toLowerCase();
const token = z.string().min(1).max(200);
/** The roles that every organisation has. */
export const roleNames = ["admin", "auditor", "user"] as const;
/** One of those, or the id of a role that the organisation made. */
export const role = z.union([z.enum(roleNames), z.templateLiteral(["rol_", z.string().regex(/^[0-9a-z]{24}$/)])]);
/** Each is an item of a list that people choose from; nobody tells more apart. */
export const rolesMax = 100;

/** What a role may be made of, as forms show it. */
export const permissionGroups = {
  reach: ["terminal.open", "run.start", "scripts.manage", "dial.open", "access.break-glass"],
  assets: ["assets.read", "assets.manage", "accounts.manage", "secrets.reveal"],
  grants: ["grants.read", "grants.manage", "rules.manage"],
  tickets: ["tickets.open", "tickets.read-all", "tickets.manage"],
  people: ["people.read", "people.manage"],
  oversight: ["sessions.read-all", "sessions.end", "runs.read-all", "audit.read"],
  agents: ["fleet.read", "fleet.manage", "enrol"],
  organisation: ["settings.manage"],
} as const;
export const permissions = [
  ...permissionGroups.reach,
  ...permissionGroups.assets,
  ...permissionGroups.grants,
  ...permissionGroups.tickets,
  ...permissionGroups.people,
  ...permissionGroups.oversight,
  ...permissionGroups.agents,
  ...permissionGroups.organisation,
] as const;

export const setup = z.object({ token, name: displayName, email, password });
export const signIn = z.object({ email, password: z.string().min(1).max(200) });
export const acceptInvite = z.object({ token, name: displayName, password });
export const inviteInfo = z.object({ token });
export const changePassword = z.object({ current: z.string().min(1).max(200), next: password });
export const setLanguage = z.object({ language: z.enum(["en", "zh"]) });
export const personStates = ["active", "invited", "disabled", "locked", "expired"] as const;
export const listPeople = page.extend({
  groupId: z.string().max(64).optional(),
  state: z.enum(personStates).optional(),
  role: role.optional(),
});
export const username = z.string().regex(/^[a-z][a-z0-9._-]{1,31}$/, "must be 2 to 32 of a-z, 0-9, ., _ and -, a letter first");
export const phone = z
  .string()
  .trim()
  .regex(/^\+?[0-9][0-9 ()/-]{2,29}$/, "must be a telephone number");
/** Several lines, but nothing that draws elsewhere. */
export const comment = z
  .string()
  .trim()
  .max(1_000)
  .regex(/^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, "must not contain control characters");
/** What is left out stays as it is; null clears. */
/** Part of a name, or one by id. */
export const findColleagues = z.object({
  search: z.string().trim().max(100).default(""),
  id: z.string().min(1).max(64).optional(),
});
export type FindColleagues = z.infer<typeof findColleagues>;

export const updatePerson = byId.extend({
  name: displayName.optional(),
  username: username.optional(),
  email: email.optional(),
  phone: phone.nullable().optional(),
  language: z.enum(["en", "zh"]).nullable().optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
  managerId: z.string().min(1).max(64).nullable().optional(),
  comment: comment.optional(),
});
export type UpdatePerson = z.infer<typeof updatePerson>;
/** language: of the mail and of the person's console, until they choose. */
export const invite = z.object({ email, name: displayName, role, language: z.enum(["en", "zh"]).optional() });
/** language: of the mail. */
export const inviteGuest = z.object({ email, role, language: z.enum(["en", "zh"]).default("en") });
export const guestInvitation = z.object({ token });
export const forgotPassword = z.object({ email });
export const setRole = z.object({ id: z.string(), role });
const roleFields = {
  /** CSV files name roles: what a built-in one is called there stays its own. */
  name: displayName.refine((name) => !roleNames.some((one) => one === name.toLowerCase()), "must not be that of a built-in role"),
  description: comment,
  permissions: z.array(z.enum(permissions)).max(permissions.length),
};
export const createRole = z.object(roleFields);
/** Replaces what the role says. */
export const changeRole = byId.extend(roleFields);
/** to: the role that its people get. */
export const removeRole = byId.extend({ to: role.optional() });
export type RoleFields = z.infer<typeof createRole>;
/**
 * What a key may be limited to. The last two are held by no person: only by a key that was made for them. Which procedures each opens: api/key-scopes.ts.
 */
export const keyScopes = ["tickets.read", "tickets.on-behalf", "access.at-once"] as const;
export type KeyScope = (typeof keyScopes)[number];
/** scopes: null for all that its person may. addresses: none for everywhere. */
export const createKey = z.object({
  name: displayName,
  expiresInDays: z.number().int().min(1).max(3_650).optional(),
  scopes: z.array(z.enum(keyScopes)).min(1).max(keyScopes.length).nullable().default(null),
  addresses: z.array(network).max(100).default([]),
});
export type CreateKey = z.infer<typeof createKey>;

/** As many as a page of people shows: one transaction, one audit event. */
export const peopleAtOnceMax = 200;
const userIds = z.array(z.string().min(1).max(64)).min(1).max(peopleAtOnceMax);
export const people = z.object({ ids: userIds });
export const listGroups = page;
export const createGroup = z.object({ name: displayName });
export const renameGroup = byId.extend({ name: displayName });
export const groupMembers = byId.extend({ userIds });

/** Of an authenticator app, or a recovery code as it was printed. */
export const code = z.object({ code: z.string().trim().min(6).max(40) });
export const confirmIdentity = z.object({ code: z.string().trim().max(40).optional(), password: z.string().max(200).optional() });
/** Each is compared by a hash that is slow on purpose: ten take about a second. */
export const passwordHistoryMax = 10;
export const newPassword = z.object({ password });
export const endSessionOf = byId.extend({ sessionId: z.string().min(1).max(64) });
export const signInPolicy = z.object({
  /** Roles whose people must have a second factor. */
  mfaRoles: z.array(role).max(roleNames.length + rolesMax),
  passwordLengthMin: z.number().int().min(10).max(64),
  passwordHistory: z.number().int().min(0).max(passwordHistoryMax),
  /** Null: for ever. */
  passwordDaysMax: z.number().int().min(1).max(3_650).nullable(),
  idleDaysMax: z.number().int().min(1).max(3_650).nullable(),
});
export type SignInPolicy = z.infer<typeof signInPolicy>;

/** base64url; the longest, an attestation with certificates, is a few thousand letters. */
const bytes = z
  .string()
  .max(20_000)
  .regex(/^[A-Za-z0-9_-]*$/);
/** Both as @simplewebauthn/browser sends them; what else is in them is not looked at. */
export const passkeyMade = z.object({
  id: bytes,
  rawId: bytes,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: bytes, attestationObject: bytes }),
  clientExtensionResults: z.object({}),
});
export const passkeyAnswer = z.object({
  id: bytes,
  rawId: bytes,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes }),
  clientExtensionResults: z.object({}),
});
export type PasskeyMade = z.infer<typeof passkeyMade>;
export type PasskeyAnswer = z.infer<typeof passkeyAnswer>;
export const finishPasskey = z.object({ name: displayName, response: passkeyMade });
export const renamePasskey = byId.extend({ name: displayName });

/** invite: sends those who are added a link with which they choose a password. */
export const importPeople = importFile.extend({ invite: z.boolean().default(false) });
/** Of a file of people; the first line names them, in any order. groups: names with ; between them. */
export const peopleColumns = {
  all: ["name", "email", "username", "phone", "role", "language", "expires_at", "comment", "groups"],
  required: ["name", "email"],
} as const;

/** Of what names an organisation in the address of the sign-in page. */
export const slugLengthMax = 64;
export const offered = z.object({ org: z.string().max(slugLengthMax).optional() }).default({});
export const createOrganisation = z.object({ name: displayName });
export const renameOrganisation = byId.extend({ name: displayName });
/** id: of the organisation, whose own roles nobody elsewhere sees. */
export const addMember = byId.extend({ email, role: z.enum(roleNames) });
export const setSystemAdmin = byId.extend({ systemAdmin: z.boolean() });
