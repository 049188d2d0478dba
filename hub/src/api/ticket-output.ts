// Shapes of what the API tells about tickets.
import { z } from "zod";
import { runStates } from "../automation/input.ts";
import {
  approver,
  asked,
  autoApproval,
  decisions,
  flowMatch,
  level,
  ticketKinds,
  ticketOrigins,
  ticketStates,
} from "../tickets/input.ts";
import { pageOf } from "./output.ts";

const moment = z.iso.datetime();
const named = z.object({ id: z.string(), name: z.string() });

export const ticket = z.object({
  id: z.string(),
  kind: z.enum(ticketKinds),
  title: z.string(),
  state: z.enum(ticketStates),
  origin: z.enum(ticketOrigins),
  /** Of an emergency: does it still wait for somebody to look at it? */
  review: z.enum(["none", "to-be-reviewed", "reviewed"]),
  requester: named,
  /** The level that it waits for, or was decided at, from 1. */
  level: z.number().int(),
  levels: z.number().int(),
  /** When what it gave ends. */
  endsAt: moment.nullable(),
  /** When it did, or when nobody had decided in time. */
  endedAt: moment.nullable(),
  createdAt: moment,
  submittedAt: moment.nullable(),
  decidedAt: moment.nullable(),
});
export const tickets = pageOf(ticket);

export const fullTicket = ticket.extend({
  reason: z.string(),
  references: z.array(z.string()),
  asked,
  /** What is left of it after the approvers who narrowed it; null: all. */
  narrowed: asked.nullable(),
  /** Of what is asked for, by name. */
  assets: z.array(named),
  /** Of a request for a script: what would run, null when it is there no more; its runs, and how many are left. */
  script: z
    .object({
      script: z
        .object({
          id: z.string(),
          name: z.string(),
          version: z.number().int(),
          interpreter: z.string(),
          body: z.string(),
          arguments: z.array(z.string()),
          environment: z.record(z.string(), z.string()),
          secrets: z.array(z.string()),
        })
        .nullable(),
      runs: z.array(z.object({ id: z.string(), state: z.enum(runStates), createdAt: moment })),
      left: z.number().int(),
      /** Whoever approves it last has to sign it with a passkey. */
      signature: z.boolean(),
      /** Why it did not begin by itself when it was to; facts: what the sentence of the code is filled with. */
      notBegun: z.object({ code: z.string(), facts: z.record(z.string(), z.union([z.string(), z.number()])) }).nullable(),
    })
    .nullable(),
  grantId: z.string().nullable(),
  extendsId: z.string().nullable(),
  escalated: z.boolean(),
  /** Until when the level waits, and what then becomes of it; null: for as long as it takes. */
  waitsUntil: z.object({ at: moment, next: z.enum(["escalates", "lapses"]) }).nullable(),
  /** What was found when it was looked at after an emergency. */
  reviewed: z.object({ by: named, findings: z.string(), at: moment }).nullable(),
  /** Who may decide it now. */
  deciders: z.array(named),
  decisions: z.array(
    z.object({ level: z.number().int(), by: named, decision: z.enum(decisions), comment: z.string(), at: moment }),
  ),
  comments: z.array(z.object({ id: z.string(), by: named, text: z.string(), at: moment })),
  /** What whoever asks may do with it now. */
  may: z.object({
    change: z.boolean(),
    decide: z.boolean(),
    withdraw: z.boolean(),
    end: z.boolean(),
    extend: z.boolean(),
    run: z.boolean(),
    comment: z.boolean(),
    review: z.boolean(),
  }),
});

const standIn = named.extend({ from: moment, until: moment });
/** standsInFor: those whom one stands in for now, or will. */
export const substitute = z.object({ substitute: standIn.nullable(), standsInFor: z.array(standIn) });
/** accounts: user names of the vault. */
export const givenAtOnce = z.object({
  id: z.string(),
  grantId: z.string().nullable(),
  endsAt: moment,
  assets: z.array(named),
  accounts: z.array(z.string()),
});
/** account: its name on the server. */
export const databasesAtOnce = givenAtOnce.omit({ assets: true, accounts: true }).extend({ asset: named, account: z.string() });

export const breakGlassAssets = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), platform: z.string(), accounts: z.array(z.string()) })),
  more: z.boolean(),
});
export const breakGlassHeld = z.object({ items: z.array(z.object({ id: z.string(), title: z.string(), endsAt: moment })) });
export const breakGlassRules = z.object({ minutesMax: z.number().int() });

export const waiting = z.object({ waiting: z.number().int() });

export const requestable = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), platform: z.string(), accounts: z.array(z.string()) })),
  more: z.boolean(),
});

export const flow = z.object({
  id: z.string(),
  name: z.string(),
  active: z.boolean(),
  position: z.number().int(),
  match: flowMatch,
  levels: z.array(level.extend({ approvers: z.array(approver), escalateTo: z.array(approver) })),
  auto: autoApproval.nullable(),
  mayRepeat: z.boolean(),
  updatedAt: moment,
});
/** names: of what the flows name, by id. */
export const flows = z.object({ items: z.array(flow), names: z.record(z.string(), z.string()) });
