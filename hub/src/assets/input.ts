// What callers may send to assets, and the kinds of things that assets are; forms share it.
import { z } from "zod";
import { displayName, page } from "../platform/input.ts";

export const categories = ["host", "database", "kubernetes", "web", "other"] as const;
export type Category = (typeof categories)[number];

/** Protocols with their usual port (IANA, or the product's own documentation). */
export const protocolPorts = {
  ssh: 22,
  telnet: 23,
  rdp: 3389,
  vnc: 5900,
  winrm: 5985,
  mysql: 3306,
  mariadb: 3306,
  postgresql: 5432,
  sqlserver: 1433,
  oracle: 1521,
  mongodb: 27017,
  redis: 6379,
  kubernetes: 6443,
  http: 80,
  https: 443,
} as const;
export type ProtocolName = keyof typeof protocolPorts | "tcp";
export const protocolNames: readonly ProtocolName[] = [...(Object.keys(protocolPorts) as (keyof typeof protocolPorts)[]), "tcp"];

/** A platform's category and the protocols that a new asset of it starts with. */
export const platforms = {
  linux: { category: "host", protocols: ["ssh"] },
  unix: { category: "host", protocols: ["ssh"] },
  windows: { category: "host", protocols: ["rdp"] },
  "network-device": { category: "host", protocols: ["ssh"] },
  mysql: { category: "database", protocols: ["mysql"] },
  mariadb: { category: "database", protocols: ["mariadb"] },
  postgresql: { category: "database", protocols: ["postgresql"] },
  sqlserver: { category: "database", protocols: ["sqlserver"] },
  oracle: { category: "database", protocols: ["oracle"] },
  mongodb: { category: "database", protocols: ["mongodb"] },
  redis: { category: "database", protocols: ["redis"] },
  kubernetes: { category: "kubernetes", protocols: ["kubernetes"] },
  web: { category: "web", protocols: ["https"] },
  other: { category: "other", protocols: [] },
} as const satisfies Record<string, { category: Category; protocols: readonly (keyof typeof protocolPorts)[] }>;
export type PlatformId = keyof typeof platforms;
export const platformIds = Object.keys(platforms) as [PlatformId, ...PlatformId[]];

export const usualProtocols = (platform: PlatformId): { name: ProtocolName; port: number }[] =>
  platforms[platform].protocols.map((name) => ({ name, port: protocolPorts[name] }));

/** Databases that a terminal opens on; see hub/src/databases. */
export const sqlProtocols = ["mysql", "mariadb", "postgresql"] as const;
export type SqlProtocol = (typeof sqlProtocols)[number];

/** What a terminal speaks. */
export const terminalProtocols = ["ssh", ...sqlProtocols] as const;

/** What a terminal on it speaks: the agent's own host and SSH before SQL; null: none opens there. */
export function terminalProtocolOf(asset: {
  agentId: string | null;
  protocols: readonly { name: string }[];
}): "ssh" | SqlProtocol | null {
  if (asset.agentId !== null || asset.protocols.some(({ name }) => name === "ssh")) return "ssh";
  return sqlProtocols.find((one) => asset.protocols.some(({ name }) => name === one)) ?? null;
}

/** As a session's row says it; undefined for one that is no protocol any more. */
export const protocolNamed = (text: string): ProtocolName | undefined => protocolNames.find((name) => name === text);

const id = z.string().min(1).max(64);

/** A host name (RFC 1123) or an IP address. What it leads to is looked up and judged by the agent; see its dial rules. */
export const address = z.union([
  z.ipv4(),
  z.ipv6(),
  z
    .string()
    .trim()
    .max(253)
    .regex(/^(?!\d+(\.\d+)*$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i, "is no host name or IP address"),
]);
export const port = z.number().int().min(1).max(65_535);
const protocol = z.object({
  name: z.enum(protocolNames as [string, ...string[]]).transform((name) => name as (typeof protocolNames)[number]),
  port,
});
/** `key:value`, as on the command line. */
export const label = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}_.-]{1,63}:[\p{L}\p{N} _./@+-]{0,127}$/u, "must be key:value");

export const authoritiesMax = 10;
export const authorityCharactersMax = 32 * 1_024;
const certificateBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** The certificates in a text, whatever is said around them. */
export const certificatesIn = (text: string): string[] => text.match(certificateBlock) ?? [];
/** authorities: PEM of certificates, and of nothing else. serverName: for whom the server's own must be; null: for the asset's address. */
export const certificateCheck = z.object({
  authorities: z
    .string()
    .trim()
    .max(authorityCharactersMax)
    .refine((text) => {
      const found = certificatesIn(text).length;
      return found >= 1 && found <= authoritiesMax && !text.replace(certificateBlock, "").includes("-----BEGIN");
    }, `must be PEM of 1 to ${authoritiesMax} certificates, without keys`),
  serverName: address.nullable().default(null),
});
export type CertificateCheck = z.infer<typeof certificateCheck>;

export const assetFields = z.object({
  name: displayName,
  zoneId: id,
  platform: z.enum(platformIds),
  address,
  protocols: z.array(protocol).max(20),
  labels: z.array(label).max(50),
  nodeIds: z.array(id).max(50),
  comment: z.string().trim().max(1_000),
  active: z.boolean(),
  legacyAlgorithms: z.boolean(),
});
export const createAsset = assetFields.partial({ protocols: true }).extend({
  labels: assetFields.shape.labels.default([]),
  nodeIds: assetFields.shape.nodeIds.default([]),
  comment: assetFields.shape.comment.default(""),
  active: z.boolean().default(true),
  legacyAlgorithms: z.boolean().default(false),
});
export type CreateAsset = z.infer<typeof createAsset>;
/** Of an agent's own host only what is not the agent's: labels, nodes, comment, active, owner, critical. */
export const changeAsset = assetFields.partial().extend({
  id,
  /** Who answers for it; null: nobody. */
  ownerId: id.nullable().optional(),
  /** Scripts run there only as people approved them. */
  critical: z.boolean().optional(),
  /** And whoever approves one last signs it with a passkey. */
  signedApprovals: z.boolean().optional(),
  /** Of a database server; null: nobody's certificate is checked. */
  certificateCheck: certificateCheck.nullable().optional(),
});
export type ChangeAsset = z.infer<typeof changeAsset>;

export const listAssets = page.extend({
  /** `mine`: what a grant lets you reach. `all`: everything of the organisation, with the permission assets.read. */
  scope: z.enum(["mine", "all"]).default("mine"),
  zoneId: id.optional(),
  category: z.enum(categories).optional(),
  platform: z.enum(platformIds).optional(),
  state: z.enum(["online", "offline"]).optional(),
  active: z.stringbool().or(z.boolean()).optional(),
  nodeId: id.optional(),
  label: label.optional(),
  favourite: z.stringbool().or(z.boolean()).optional(),
  /** Only these, as far as they are there; in an address with commas between them. */
  ids: z
    .array(id)
    .or(z.string().transform((text) => text.split(",")))
    .pipe(z.array(id).max(200))
    .optional(),
});
export type ListAssets = z.infer<typeof listAssets>;

export const hostKeyDecisions = ["trust", "trust-alone", "refuse", "forget"] as const;
/** `trust-alone` refuses the other keys of the asset, as after a new installation of the host. */
export const decideHostKey = z.object({ id, decision: z.enum(hostKeyDecisions) });
export const manyAssets = z.object({ ids: z.array(id).min(1).max(1_000) });
export const setFavourite = z.object({ id, favourite: z.boolean() });

const nodeName = displayName.refine((name) => !name.includes("/"), "may not hold a slash, which stands between names");
export const listNodes = z.object({ parentId: id.nullable().default(null), scope: z.enum(["mine", "all"]).default("mine") });
export const createNode = z.object({ parentId: id.nullable().default(null), name: nodeName });
export const renameNode = z.object({ id, name: nodeName });
export const moveNode = z.object({ id, parentId: id.nullable() });
export const placeAssets = z.object({ nodeId: id, assetIds: z.array(id).min(1).max(1_000), in: z.boolean() });

/** As systems write it: no space, no control character, not beginning with @ or -. */
export const username = z
  .string()
  .trim()
  .max(128)
  .regex(/^[^@\-\s\p{Cc}][^\s\p{Cc}:]*$/u, "is no user name");
export const password = z.string().min(1).max(1_000);
const privateKey = z.string().min(1).max(32_768);
const passphrase = z.string().max(1_000).nullable().default(null);

export const secretInput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("password"), password }),
  z.object({ kind: z.literal("ssh-key"), privateKey, passphrase }),
  /** The hub makes an Ed25519 key; its private half is never shown unless revealed. */
  z.object({ kind: z.literal("new-ssh-key") }),
  /** The hub makes a password that nobody has seen. */
  z.object({ kind: z.literal("new-password") }),
]);
export type SecretInput = z.infer<typeof secretInput>;

const accountFields = z.object({
  username,
  privileged: z.boolean(),
  active: z.boolean(),
  comment: z.string().trim().max(500),
  suFromId: id.nullable(),
  /** Null: its secret changes only when somebody asks. */
  rotateEveryDays: z.number().int().min(1).max(3_650).nullable(),
});
export const listAccounts = z.object({ assetId: id });
export const createAccount = accountFields
  .extend({
    privileged: accountFields.shape.privileged.default(false),
    active: accountFields.shape.active.default(true),
    comment: accountFields.shape.comment.default(""),
    suFromId: accountFields.shape.suFromId.default(null),
    rotateEveryDays: accountFields.shape.rotateEveryDays.default(null),
  })
  .extend({ assetId: id, secret: secretInput });
export type CreateAccount = z.infer<typeof createAccount>;
export const changeAccount = accountFields.partial().extend({ id });
export type ChangeAccount = z.infer<typeof changeAccount>;
export const setSecret = z.object({ id, secret: secretInput });
export const revealSecret = z.object({
  id,
  version: z.number().int().min(1).optional(),
  reason: z.string().trim().min(3, "must say why").max(500),
});

const templateFields = z.object({
  name: displayName,
  username,
  privileged: z.boolean(),
  secret: secretInput,
  suFrom: username.nullable(),
  rotateEveryDays: accountFields.shape.rotateEveryDays,
  push: z.boolean(),
  comment: z.string().trim().max(500),
});
export const createTemplate = templateFields.extend({
  privileged: templateFields.shape.privileged.default(false),
  suFrom: templateFields.shape.suFrom.default(null),
  rotateEveryDays: templateFields.shape.rotateEveryDays.default(null),
  push: templateFields.shape.push.default(false),
  comment: templateFields.shape.comment.default(""),
});
export type CreateTemplate = z.infer<typeof createTemplate>;
/** Without a secret the one it has stays. Accounts that it has made keep what they were given, but for the rule of days. */
export const changeTemplate = templateFields.partial().extend({ id });
export type ChangeTemplate = z.infer<typeof changeTemplate>;
export const applyTemplate = z.object({ id, assetIds: z.array(id).min(1).max(1_000) });

/** Of a file of assets; the first line names them, in any order. Lists have ; between them. */
export const assetColumns = {
  all: ["name", "address", "platform", "zone", "protocols", "labels", "nodes", "active", "comment"],
  required: ["name", "address", "platform"],
} as const;
