// Shapes of what /api/v1 answers about people and groups.
import { z } from "zod";
import { importReport } from "../csv/input.ts";
import { providerSettings } from "../federation/input.ts";
import { permissions, personStates, role } from "../identity/input.ts";

const moment = z.iso.datetime();

export const person = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  username: z.string(),
  phone: z.string().nullable(),
  managerId: z.string().nullable(),
  language: z.enum(["en", "zh"]).nullable(),
  role,
  /** Of a role that the organisation made. */
  roleName: z.string().nullable(),
  /** At home in another organisation, whose administrators own the account. */
  guest: z.boolean(),
  systemAdmin: z.boolean(),
  state: z.enum(personStates),
  expiresAt: moment.nullable(),
  comment: z.string(),
  lastSignInAt: moment.nullable(),
  createdAt: moment,
  lockedUntil: moment.nullable(),
});
/** Names and nothing else: everybody may ask. */
export const colleagues = z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), username: z.string() })) });
export const personWithGroups = person.extend({ groups: z.array(z.object({ id: z.string(), name: z.string() })) });
export const signIns = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      current: z.boolean(),
      createdAt: moment,
      lastSeenAt: moment,
      ip: z.string().nullable(),
      userAgent: z.string(),
    }),
  ),
});
/** link: null when it was mailed. mailFailed: there is a mail server and it did not take the mail. */
export const passwordLink = z.object({
  link: z.string().nullable(),
  mailedTo: z.string().nullable(),
  mailFailed: z.boolean(),
  expiresAt: moment,
});
export const invited = passwordLink.extend({ id: z.string() });
export const guestInvitation = z.object({
  id: z.string(),
  email: z.string(),
  role,
  roleName: z.string().nullable(),
  /** Who invited. */
  by: z.string(),
  expiresAt: moment,
});
/** mailed: handed to the mail server's queue. Otherwise the link is for the administrator to pass on. */
export const peopleImport = importReport.extend({
  invitations: z.array(z.object({ name: z.string(), email: z.string(), mailed: z.boolean(), link: z.string().nullable() })),
});
/** code: of the refusal, as in docs/errors.md. */
export const bulk = z.object({ done: z.array(z.string()), refused: z.array(z.object({ id: z.string(), code: z.string() })) });

export const group = z.object({ id: z.string(), name: z.string(), members: z.number().int(), createdAt: moment });
export const provider = z.object({
  id: z.string(),
  name: z.string(),
  active: z.boolean(),
  settings: providerSettings,
  hasSecret: z.boolean(),
  createsPeople: z.boolean(),
  emailDomains: z.array(z.string()),
  mappings: z.array(z.object({ value: z.string(), groupId: z.string().nullable(), role: role.nullable() })),
  people: z.number().int(),
  callbackUrl: z.string(),
  createdAt: moment,
});
/** detail: as the network or the provider said it. */
export const providerTest = z.object({ works: z.boolean(), code: z.string(), detail: z.string() });
/** gone: how many were signed out. */
export const checked = z.object({ gone: z.number().int() });
export const changedCount = z.object({ changed: z.number().int() });

export const organisation = z.object({
  id: z.string(),
  name: z.string(),
  /** Its sign-in page is /sign-in?org=slug. */
  slug: z.string(),
  people: z.number().int(),
  active: z.boolean(),
  createdAt: moment,
});
export const myOrganisation = z.object({ id: z.string(), name: z.string(), role, roleName: z.string().nullable() });

/** name: of a built-in one its id. */
export const listedRole = z.object({
  id: role,
  builtIn: z.boolean(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(z.enum(permissions)).readonly(),
  people: z.number().int(),
});
