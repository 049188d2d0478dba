// What callers may send about systems that recognise people.
import { z } from "zod";
import { role } from "../identity/input.ts";
import { byId, displayName } from "../platform/input.ts";

const isThisMachine = (hostname: string): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);

/** A tap on the way would see who signs in, and could answer in the system's place. */
const issuer = z
  .string()
  .trim()
  .max(500)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, password, search, hash } = new URL(text);
    const safe = protocol === "https:" || (protocol === "http:" && isThisMachine(hostname));
    return safe && username === "" && password === "" && search === "" && hash === "";
  }, "must be an address with https, as the provider names itself");

const claim = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,200}$/, "must be the name of a claim");

export const oidcSettings = z.object({
  kind: z.literal("oidc"),
  issuer,
  clientId: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,300}$/, "must be the client's id, without spaces"),
  /** Asked for besides openid, profile and email. */
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/)).max(20),
  groupsClaim: claim,
  usernameClaim: claim,
});
export type OidcSettings = z.infer<typeof oidcSettings>;

/** ldaps, or ldap that turns to TLS before anything is said; plain only to this machine. */
const directoryUrl = z
  .string()
  .trim()
  .max(300)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, pathname, search } = new URL(text);
    return /^ldaps?:$/.test(protocol) && hostname !== "" && username === "" && /^\/?$/.test(pathname) && search === "";
  }, "must be ldap://host or ldaps://host, with a port if need be");
/** A path in the tree (RFC 4514); the directory itself says whether it is one. */
const path = z
  .string()
  .trim()
  .max(500)
  .regex(/^[^\p{Cc}]+$/u, "must be one line");
const attribute = z
  .string()
  .trim()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, "must be the name of an attribute");
export const ldapSettings = z
  .object({
    kind: z.literal("ldap"),
    url: directoryUrl,
    startTls: z.boolean(),
    /** PEM of who signed the directory's certificate; null: whoever the system trusts. */
    ca: z.string().max(20_000).startsWith("-----BEGIN CERTIFICATE-----").nullable(),
    /** As whom the hub looks people up; its password is the provider's secret. */
    bindDn: path,
    baseDn: path,
    /** Must hold for everybody who may come; whoever it no longer holds for is out. */
    userFilter: z.string().trim().min(3).max(1_000).startsWith("(").endsWith(")"),
    usernameAttribute: attribute,
    /** Never given to somebody else: entryUUID, or objectGUID of Active Directory. */
    idAttribute: attribute,
    emailAttribute: attribute,
    nameAttribute: attribute,
    /** Where groups name their members. Null: the person's memberOf says it. */
    groupBaseDn: path.nullable(),
  })
  .refine(({ url, startTls }) => url.startsWith("ldaps:") || startTls || isThisMachine(new URL(url).hostname), {
    path: ["startTls"],
    message: "must be on: passwords do not travel in the clear",
  });
export type LdapSettings = z.infer<typeof ldapSettings>;
export const signInLdap = byId.extend({
  /** An empty password is a sign-in as nobody, which directories grant (RFC 4513 §5.1.2). */
  username: z.string().trim().min(1).max(200),
  password: z.string().min(1).max(200),
});
export const confirmLdap = z.object({ password: z.string().min(1).max(200) });

export const providerSettings = z.discriminatedUnion("kind", [oidcSettings, ldapSettings]);
export type ProviderSettings = z.infer<typeof providerSettings>;

/** A group there, and what it means here: one of the two. */
export const mapping = z
  .object({
    value: z.string().trim().min(1).max(500),
    groupId: z.string().max(64).nullable(),
    role: role.nullable(),
  })
  .refine(({ groupId, role }) => (groupId === null) !== (role === null), "must name a group or a role");
export type Mapping = z.infer<typeof mapping>;

/** More groups than any organisation names in a form. */
const mappingsMax = 200;
const fields = {
  name: displayName,
  active: z.boolean(),
  settings: providerSettings,
  createsPeople: z.boolean(),
  emailDomains: z
    .array(
      z
        .string()
        .trim()
        .toLowerCase()
        .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
        .max(253),
    )
    .max(50),
  mappings: z.array(mapping).max(mappingsMax),
};
const secret = z.string().min(1).max(1_000);
/** secret: null for a public client. */
export const createProvider = z.object({ ...fields, secret: secret.nullable() });
/** secret: left out, it stays as it is. */
export const changeProvider = byId.extend({ ...fields, secret: secret.nullable().optional() });
export type CreateProvider = z.infer<typeof createProvider>;
export type ChangeProvider = z.infer<typeof changeProvider>;

/** Only a path of this console: `//elsewhere` and full addresses would leave it. */
export const consolePath = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/);
/** again: the provider is to ask for the password even if it knows the browser. */
export const beginElsewhere = byId.extend({ next: consolePath.default("/"), again: z.boolean().default(false) });

/** Why somebody whom another system was to recognise was not let in. */
export const refusals = [
  "state",
  "declined",
  "unreachable",
  "proof",
  "no-email",
  "email-unverified",
  "email-domain",
  "unknown-person",
  "not-allowed",
  "credentials",
] as const;
export type Refusal = (typeof refusals)[number];
