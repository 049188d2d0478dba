// Configuration: flags and environment, read once, checked, frozen. The only file of the hub that reads process.env.
import { parseArgs } from "node:util";
import { z } from "zod";
import { HubError } from "./errors.ts";

const port = z.coerce.number().int().min(0).max(65535);
const httpUrl = z.url({ protocol: /^https?$/ });

/** Every option: its flag, its variable, what it means. The help text and the documentation's table are made from this. */
export const options = {
  port: {
    flag: "port",
    variable: "SALLYPORT_PORT",
    hint: "a port between 0 and 65535",
    help: "console, API, terminal sockets and agents' WSS",
    fallback: "8443",
  },
  agentPort: {
    flag: "agent-port",
    variable: "SALLYPORT_AGENT_PORT",
    hint: "a port between 0 and 65535",
    help: "agents' MQTT over TLS",
    fallback: "port + 1",
  },
  host: {
    flag: "host",
    variable: "SALLYPORT_HOST",
    hint: "an address of this machine",
    help: "address to listen on",
    fallback: "0.0.0.0",
  },
  dataDir: {
    flag: "data",
    variable: "SALLYPORT_DATA",
    hint: "a folder",
    help: "folder of keys, database and recordings",
    fallback: "./data",
  },
  publicUrl: {
    flag: "public-url",
    variable: "SALLYPORT_PUBLIC_URL",
    hint: "a URL such as https://sallyport.example.org",
    help: "address people and agents reach this hub at",
    fallback: "as requested",
  },
  databaseUrl: {
    flag: "database-url",
    variable: "DATABASE_URL",
    hint: "a URL such as postgres://user@host/name",
    help: "PostgreSQL 15 or later to use instead of the embedded one",
    fallback: "embedded",
  },
  adminEmail: {
    flag: "",
    variable: "SALLYPORT_ADMIN_EMAIL",
    hint: "an e-mail address",
    help: "creates the first administrator, with the next",
    fallback: "",
  },
  adminPassword: {
    flag: "",
    variable: "SALLYPORT_ADMIN_PASSWORD",
    hint: "at least 10 characters",
    help: "password of the first administrator",
    fallback: "",
  },
  adminName: {
    flag: "",
    variable: "SALLYPORT_ADMIN_NAME",
    hint: "a name",
    help: "name of the first administrator",
    fallback: "Administrator",
  },
  hostKeys: {
    flag: "host-keys",
    variable: "SALLYPORT_HOST_KEYS",
    hint: "first or ask",
    help: "the first host key of an asset is trusted, or waits for an administrator",
    fallback: "first",
  },
  detachGraceSeconds: {
    flag: "detach-grace",
    variable: "SALLYPORT_DETACH_GRACE",
    hint: "seconds, 1 to 86400",
    help: "seconds a terminal lives on after its last window closed",
    fallback: "600",
  },
  recordingDays: {
    flag: "recording-days",
    variable: "SALLYPORT_RECORDING_DAYS",
    hint: "days, 1 to 36500",
    help: "days a recording or output is kept after its end",
    fallback: "for ever",
  },
  filesGigabytes: {
    flag: "files-gb",
    variable: "SALLYPORT_FILES_GB",
    hint: "gigabytes, 1 to 100000",
    help: "room for the files that an organisation keeps to push to hosts",
    fallback: "50",
  },
  auditFile: {
    flag: "audit-file",
    variable: "SALLYPORT_AUDIT_FILE",
    hint: "an absolute path",
    help: "file that every audit event is also written to, a JSON line each",
    fallback: "none",
  },
  auditSyslog: {
    flag: "audit-syslog",
    variable: "SALLYPORT_AUDIT_SYSLOG",
    hint: "udp://host:port, tcp://host:port, tls://host with a port or without, or unix:/path of a stream socket",
    help: "syslog receiver (RFC 5424) that every audit event is also sent to",
    fallback: "none",
  },
  auditSyslogCa: {
    flag: "audit-syslog-ca",
    variable: "SALLYPORT_AUDIT_SYSLOG_CA",
    hint: "an absolute path of a PEM file",
    help: "authority that signed the certificate of a tls:// receiver",
    fallback: "those known to Node",
  },
  s3Endpoint: {
    flag: "s3-endpoint",
    variable: "SALLYPORT_S3_ENDPOINT",
    hint: "a URL such as https://s3.example.org; http only to this machine",
    help: "S3-compatible store for recordings that have ended, with the next four",
    fallback: "none: kept in the data folder",
  },
  s3Bucket: {
    flag: "s3-bucket",
    variable: "SALLYPORT_S3_BUCKET",
    hint: "a bucket's name",
    help: "bucket, which must exist",
    fallback: "",
  },
  s3AccessKeyId: {
    flag: "",
    variable: "SALLYPORT_S3_ACCESS_KEY_ID",
    hint: "an access key's id",
    help: "who may write, read and delete there",
    fallback: "",
  },
  s3SecretAccessKey: {
    flag: "",
    variable: "SALLYPORT_S3_SECRET_ACCESS_KEY",
    hint: "an access key's secret",
    help: "its secret",
    fallback: "",
  },
  s3Region: {
    flag: "s3-region",
    variable: "SALLYPORT_S3_REGION",
    hint: "a region's name",
    help: "region, as the store calls it",
    fallback: "us-east-1",
  },
  s3Prefix: {
    flag: "s3-prefix",
    variable: "SALLYPORT_S3_PREFIX",
    hint: "letters, digits, ._- and /, with a / at the end",
    help: "what the names of all objects begin with",
    fallback: "none",
  },
  s3CacheMegabytes: {
    flag: "s3-cache-mb",
    variable: "SALLYPORT_S3_CACHE_MB",
    hint: "megabytes, 0 to 10000000",
    help: "stored recordings that also stay on this disk, the last used",
    fallback: "1024",
  },
  smtpUrl: {
    flag: "smtp-url",
    variable: "SALLYPORT_SMTP_URL",
    hint: "a URL such as smtps://user@mail.example.org; its password goes into SALLYPORT_SMTP_PASSWORD",
    help: "mail server for invitations, resets and notices; needs --public-url, since links in mails do",
    fallback: "none: links are shown",
  },
  smtpPassword: {
    flag: "",
    variable: "SALLYPORT_SMTP_PASSWORD",
    hint: "the mail server's password",
    help: "password of the mail server's user",
    fallback: "",
  },
  mailFrom: {
    flag: "mail-from",
    variable: "SALLYPORT_MAIL_FROM",
    hint: "an e-mail address",
    help: "sender of the mails",
    fallback: "sallyport@ the public address",
  },
  logLevel: {
    flag: "log-level",
    variable: "SALLYPORT_LOG_LEVEL",
    hint: "debug, info, warn or error",
    help: "least severe log line written",
    fallback: "info",
  },
  tlsCert: {
    flag: "tls-cert",
    variable: "SALLYPORT_TLS_CERT",
    hint: "a PEM file",
    help: "certificate chain of the console, with the next",
    fallback: "self-made",
  },
  tlsKey: {
    flag: "tls-key",
    variable: "SALLYPORT_TLS_KEY",
    hint: "a PEM file",
    help: "key of that certificate",
    fallback: "self-made",
  },
  perAddressMax: {
    flag: "per-address-max",
    variable: "SALLYPORT_PER_ADDRESS_MAX",
    hint: "a number, 1 to 100000",
    help: "agent connections of one address not yet signed in; raise it behind NAT",
    fallback: "20",
  },
} as const;

const schema = z
  .object({
    port: port.default(8443),
    agentPort: port.optional(),
    host: z.string().min(1).default("0.0.0.0"),
    dataDir: z.string().min(1).default("./data"),
    publicUrl: httpUrl.transform((url) => url.replace(/\/+$/, "")).optional(),
    databaseUrl: z
      .string()
      .refine((url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url))
      .optional(),
    adminEmail: z.email().optional(),
    adminPassword: z.string().min(10).max(200).optional(),
    adminName: z.string().min(1).max(100).default("Administrator"),
    hostKeys: z.enum(["first", "ask"]).default("first"),
    detachGraceSeconds: z.coerce.number().int().min(1).max(86_400).default(600),
    recordingDays: z.coerce.number().int().min(1).max(36_500).optional(),
    filesGigabytes: z.coerce.number().int().min(1).max(100_000).default(50),
    auditFile: z.string().startsWith("/").max(4_096).optional(),
    auditSyslog: z.string().max(300).refine(isSyslogAddress).optional(),
    auditSyslogCa: z.string().startsWith("/").max(4_096).optional(),
    s3Endpoint: httpUrl.refine(isStoreEndpoint).optional(),
    s3Bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    s3AccessKeyId: z.string().min(1).max(200).optional(),
    s3SecretAccessKey: z.string().min(1).max(500).optional(),
    s3Region: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/)
      .default("us-east-1"),
    s3Prefix: z
      .string()
      .regex(/^([\w.-]+\/)*$/)
      .default(""),
    s3CacheMegabytes: z.coerce.number().int().min(0).max(10_000_000).default(1_024),
    smtpUrl: z.string().refine(isMailServer).optional(),
    smtpPassword: z.string().min(1).max(500).optional(),
    mailFrom: z.email().optional(),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
    tlsCert: z.string().optional(),
    tlsKey: z.string().optional(),
    perAddressMax: z.coerce.number().int().min(1).max(100_000).default(20),
  })
  .transform((values) => ({
    ...values,
    agentPort: values.agentPort ?? (values.port === 0 ? 0 : values.port + 1),
    s3: s3Of(values),
    smtp: smtpOf(values),
  }));

type S3Values = {
  s3Endpoint?: string | undefined;
  s3Bucket?: string | undefined;
  s3AccessKeyId?: string | undefined;
  s3SecretAccessKey?: string | undefined;
  s3Region: string;
  s3Prefix: string;
  s3CacheMegabytes: number;
};

/** Undefined without a store; whether all of it was given is asked in readConfig. */
function s3Of({ s3Endpoint, s3Bucket, s3AccessKeyId, s3SecretAccessKey, s3Region, s3Prefix, s3CacheMegabytes }: S3Values) {
  if (!s3Endpoint || !s3Bucket || !s3AccessKeyId || !s3SecretAccessKey) return undefined;
  return {
    endpoint: new URL(s3Endpoint).origin,
    bucket: s3Bucket,
    accessKeyId: s3AccessKeyId,
    secretAccessKey: s3SecretAccessKey,
    region: s3Region,
    prefix: s3Prefix,
    cacheBytesMax: s3CacheMegabytes * 1024 * 1024,
  };
}

/** smtp://host[:587] or smtps://host[:465], with a user or without. A password in it would be in the process list. */
function isMailServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, password, pathname, search } = new URL(text);
  return /^smtps?:$/.test(protocol) && hostname !== "" && password === "" && /^\/?$/.test(pathname) && search === "";
}

type SmtpValues = {
  smtpUrl?: string | undefined;
  smtpPassword?: string | undefined;
  mailFrom?: string | undefined;
  publicUrl?: string | undefined;
};

/** Undefined without a mail server; whether what it needs was given is asked in readConfig. */
function smtpOf({ smtpUrl, smtpPassword, mailFrom, publicUrl }: SmtpValues) {
  if (smtpUrl === undefined || publicUrl === undefined) return undefined;
  const url = new URL(smtpUrl);
  const secure = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    onThisMachine: isThisMachine(url.hostname),
    user: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: smtpPassword,
    from: mailFrom ?? `sallyport@${new URL(publicUrl).hostname}`,
  };
}

const isThisMachine = (hostname: string): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);

/** Recordings show what people saw: they leave this machine encrypted, or not at all. */
function isStoreEndpoint(text: string): boolean {
  const url = new URL(text);
  return (
    (url.protocol === "https:" || isThisMachine(url.hostname)) && url.pathname === "/" && url.search === "" && url.username === ""
  );
}

function isSyslogAddress(text: string): boolean {
  if (text.startsWith("unix:/")) return true;
  if (!/^(udp|tcp|tls):\/\//.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, port, pathname, username, search } = new URL(text);
  return (
    hostname !== "" &&
    (Number(port) > 0 || (protocol === "tls:" && port === "")) &&
    pathname === "" &&
    username === "" &&
    search === ""
  );
}

export type Config = Readonly<z.infer<typeof schema>>;

/** For programs beside the hub that read its database. A URL may hold a password, and arguments can be read by everybody on the machine. */
export const databaseUrlOfEnvironment = (): string | null => process.env["DATABASE_URL"] || null;

const keyOf = (name: string): name is keyof typeof options => name in options;

/**
 * Reads flags over environment over defaults.
 * @throws HubError `bad-config` listing every bad value with what would be right.
 */
export function readConfig(argv: string[], environment: NodeJS.ProcessEnv = process.env): Config {
  const flags = Object.fromEntries(
    Object.values(options).flatMap(({ flag }) => (flag === "" ? [] : [[flag, { type: "string" as const }]])),
  );
  let given: Record<string, unknown>;
  try {
    given = parseArgs({ args: argv, options: flags, allowPositionals: false }).values;
  } catch (error) {
    throw new HubError(
      "bad-config",
      `${error instanceof Error ? error.message.split(/\.\s/)[0] : "Unknown option"}. See --help for the options.`,
    );
  }
  const values: Record<string, unknown> = {};
  for (const [name, { flag, variable }] of Object.entries(options)) {
    const value = given[flag] ?? environment[variable];
    if (value !== undefined && value !== "") values[name] = value;
  }
  const parsed = schema.safeParse(values);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => problemOf(String(issue.path[0]), values));
  if ((values["adminEmail"] === undefined) !== (values["adminPassword"] === undefined))
    problems.push("SALLYPORT_ADMIN_EMAIL and SALLYPORT_ADMIN_PASSWORD must be set together");
  if ((values["tlsCert"] === undefined) !== (values["tlsKey"] === undefined))
    problems.push("SALLYPORT_TLS_CERT and SALLYPORT_TLS_KEY must be set together");
  if (values["smtpUrl"] !== undefined && values["publicUrl"] === undefined)
    problems.push(
      "--smtp-url (SALLYPORT_SMTP_URL) also needs --public-url (SALLYPORT_PUBLIC_URL): links in mails must not come from a request",
    );
  if (values["auditSyslogCa"] !== undefined && !String(values["auditSyslog"]).startsWith("tls://"))
    problems.push("--audit-syslog-ca (SALLYPORT_AUDIT_SYSLOG_CA) is for a tls:// receiver in --audit-syslog");
  const ofStore = ["s3Endpoint", "s3Bucket", "s3AccessKeyId", "s3SecretAccessKey"] as const;
  const missing = ofStore.filter((name) => values[name] === undefined);
  if (missing.length > 0 && missing.length < ofStore.length)
    problems.push(`an object store also needs ${missing.map((name) => options[name].variable).join(", ")}`);
  if (problems.length > 0 || !parsed.success) throw new HubError("bad-config", `${problems.join("; ")}.`);
  return Object.freeze(parsed.data);
}

function problemOf(name: string, values: Record<string, unknown>): string {
  if (!keyOf(name)) return `${name} is wrong`;
  const { flag, variable, hint } = options[name];
  const label = flag === "" ? variable : `--${flag} (${variable})`;
  // A secret's own text stays out of the message.
  return ["adminPassword", "s3SecretAccessKey", "smtpUrl", "smtpPassword"].includes(name)
    ? `${label} must be ${hint}`
    : `${label} is "${String(values[name])}", it must be ${hint}`;
}

export function helpText(): string {
  const rows = Object.values(options).map(({ flag, variable, help, fallback }) => [
    flag === "" ? "" : `--${flag}`,
    variable,
    fallback,
    help,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 8));
  const line = (cells: string[]) => cells.map((cell, n) => (n < 3 ? cell.padEnd(widths[n] ?? 0) : cell)).join("  ");
  return [line(["flag", "variable", "default", "what it is"]), ...rows.map(line)].join("\n");
}
