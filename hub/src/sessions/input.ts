// What callers may send to sessions, and the control messages of the terminal socket (SPEC.md §7).
import { terminalCellsMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { sqlProtocols } from "../assets/input.ts";
import { languages } from "../notify/input.ts";
import { page } from "../platform/input.ts";

const moment = z.iso.datetime({ offset: true });

export const listSessions = page.extend({
  state: z.enum(["live", "ended"]).optional(),
  userId: z.string().max(64).optional(),
  assetId: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
});
export type ListSessions = z.infer<typeof listSessions>;
export const endSession = z.object({ id: z.string().max(64), reason: z.string().trim().max(500).optional() });

const cells = z.number().int().min(1).max(terminalCellsMax);
const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** First message of a terminal socket. */
export const socketOpening = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("open"),
    assetId: z.string().max(64),
    /** An account's id, or `@agent`, `@same-name`, `@ask`; may be left out on an agent's own host. */
    account: z.string().max(64).optional(),
    /** For an account that asks, and the user name for `@agent` on a neighbour: used once, kept nowhere. */
    login: z.object({ username: z.string().max(128).optional(), password: z.string().max(1_000).optional() }).optional(),
    /** Where the asset offers several that a terminal speaks; left out: SSH before SQL. */
    protocol: z.enum(["ssh", ...sqlProtocols]).optional(),
    /** Of a database server, where the terminal begins; left out: where the server puts whoever names none. */
    database: z.string().min(1).max(256).optional(),
    /** Of the window, for what the hub itself says in an SQL terminal to whoever has chosen none. */
    language: z.enum(languages).optional(),
    cols: cells,
    rows: cells,
  }),
  z.object({ type: z.literal("attach"), sessionId: z.string().max(64), from: offset.nullable(), cols: cells, rows: cells }),
]);
export type SocketOpening = z.infer<typeof socketOpening>;

/** Every later one. */
export const socketControl = z.discriminatedUnion("type", [
  z.object({ type: z.literal("resize"), cols: cells, rows: cells }),
  z.object({ type: z.literal("ack"), offset }),
  z.object({ type: z.literal("ping"), t: z.number() }),
  z.object({ type: z.literal("watch-echo"), on: z.boolean() }),
  z.object({ type: z.literal("end") }),
]);
export type SocketControl = z.infer<typeof socketControl>;
