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
    detachGraceSeconds: z.coerce.number().int().min(1).max(86_400).default(600),
    recordingDays: z.coerce.number().int().min(1).max(36_500).optional(),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
    tlsCert: z.string().optional(),
    tlsKey: z.string().optional(),
    perAddressMax: z.coerce.number().int().min(1).max(100_000).default(20),
  })
  .transform((values) => ({ ...values, agentPort: values.agentPort ?? (values.port === 0 ? 0 : values.port + 1) }));

export type Config = Readonly<z.infer<typeof schema>>;

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
  if (problems.length > 0 || !parsed.success) throw new HubError("bad-config", `${problems.join("; ")}.`);
  return Object.freeze(parsed.data);
}

function problemOf(name: string, values: Record<string, unknown>): string {
  if (!keyOf(name)) return `${name} is wrong`;
  const { flag, variable, hint } = options[name];
  const label = flag === "" ? variable : `--${flag} (${variable})`;
  // The password's own text stays out of the message.
  return name === "adminPassword" ? `${label} must be ${hint}` : `${label} is "${String(values[name])}", it must be ${hint}`;
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
