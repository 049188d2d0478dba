// The text messages of the terminal socket. What the hub says is parsed once, here; see protocol/SPEC.md §7.
import type { SqlProtocol } from "@sallyport/hub/assets/input";
import * as z from "zod/mini";
import type { Language } from "../i18n/i18n.ts";
import type { Login } from "./login.ts";

const offset = z.number();
const size = { cols: z.number(), rows: z.number() };

const told = { rule: z.string(), line: z.string(), says: z.string() };
const lineState = z.discriminatedUnion("state", [
  z.object({ state: z.literal("free") }),
  z.object({ state: z.literal("warned"), ...told }),
  z.object({ state: z.literal("waiting"), ...told, ticketId: z.string(), deciders: z.array(z.string()) }),
  z.object({
    state: z.literal("refused"),
    ...told,
    why: z.enum(["refused", "rejected", "lapsed", "withdrawn", "changed", "too-long", "unavailable"]),
  }),
]);
/** A line that a rule looks at. */
export type LineState = z.infer<typeof lineState>;

const fromHub = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("opened"),
    sessionId: z.string(),
    assetName: z.string(),
    account: z.string(),
    ...size,
    outputOffset: offset,
    inputOffset: offset,
    owner: z.boolean(),
    answers: z._default(z.boolean(), false),
  }),
  z.object({ type: z.literal("snapshot"), offset, ...size, screen: z.string() }),
  z.object({ type: z.literal("input-ack"), offset }),
  z.object({ type: z.literal("pong"), t: z.number() }),
  z.object({ type: z.literal("echo"), echo: z.boolean(), canonical: z.boolean(), offset }),
  z.object({ type: z.literal("agent"), online: z.boolean(), roundTripUs: z.nullable(z.number()) }),
  z.object({ type: z.literal("resize"), ...size }),
  z.object({ type: z.literal("viewers"), count: z.number() }),
  z.object({ type: z.literal("line"), line: lineState }),
  z.object({
    type: z.literal("ended"),
    reason: z.enum([
      "exit",
      "detached",
      "ended-by-user",
      "ended-by-admin",
      "agent-lost",
      "agent-revoked",
      "open-failed",
      "grant-revoked",
      "hub-failed",
      "storage-full",
    ]),
    exitCode: z.nullable(z.number()),
    signal: z.nullable(z.string()),
  }),
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    facts: z.optional(z.record(z.string(), z.union([z.string(), z.number()]))),
  }),
]);

export type HubMessage = z.infer<typeof fromHub>;

export type ConsoleMessage =
  | {
      type: "open";
      assetId: string;
      account?: string;
      protocol?: SqlProtocol;
      login?: Login;
      language: Language;
      cols: number;
      rows: number;
    }
  | { type: "attach"; sessionId: string; from: number | null; cols: number; rows: number }
  | { type: "resize"; cols: number; rows: number }
  | { type: "ack"; offset: number }
  | { type: "ping"; t: number }
  | { type: "watch-echo"; on: boolean }
  | { type: "end" };

/** Null for a message this console does not know: a newer hub may say more than we understand. */
export function parseHubMessage(text: string): HubMessage | null {
  const parsed = fromHub.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
