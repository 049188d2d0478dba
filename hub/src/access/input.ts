// What callers may send to access.
import { z } from "zod";
import { protocolNames } from "../assets/input.ts";
import { displayName, network, page } from "../platform/input.ts";

export const actions = ["connect", "upload", "download", "copy", "paste", "delete", "share", "forward", "run"] as const;
export type Action = (typeof actions)[number];

const minuteOfDay = z.number().int().min(0).max(1_440);
const zones = new Set(["UTC", ...Intl.supportedValuesOf("timeZone")]);

/** Hours of the week: days are 1 for Monday to 7 for Sunday, times minutes since midnight, `to` not included. */
export const hours = z.object({
  timeZone: z.string().refine((name) => zones.has(name), "is no time zone of the IANA database"),
  spans: z
    .array(
      z
        .object({ days: z.array(z.number().int().min(1).max(7)).min(1).max(7), from: minuteOfDay, to: minuteOfDay })
        .refine(({ from, to }) => from < to, "must begin before it ends; write two spans for a night"),
    )
    .min(1)
    .max(20),
});
export type Hours = z.infer<typeof hours>;

const moment = z.iso.datetime({ offset: true });
/** A login on the asset as systems write it, or one of the choices that start with @. */
const account = z.string().regex(/^(@all|@same-name|@ask|@agent|[^@\s\p{Cc}]\S{0,127})$/u, "is no account name");

export const subject = z.object({ kind: z.enum(["user", "group", "role"]), id: z.string().min(1).max(64) });
export const target = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["asset", "node"]), id: z.string().min(1).max(64) }),
  z.object({ kind: z.literal("label"), id: z.string().regex(/^[^:\s]{1,63}:[^\p{Cc}]{0,127}$/u, "must be key:value") }),
  z.object({ kind: z.literal("all"), id: z.literal("").default("") }),
]);

export const grant = z
  .object({
    name: displayName,
    subjects: z.array(subject).min(1).max(1_000),
    targets: z.array(target).min(1).max(1_000),
    accounts: z.array(account).min(1).max(100),
    protocols: z
      .array(z.enum(["@all", ...protocolNames]))
      .min(1)
      .max(20)
      .default(["@all"]),
    actions: z.array(z.enum(actions)).min(1).max(actions.length),
    startsAt: moment.nullable().default(null),
    expiresAt: moment.nullable().default(null),
    hours: hours.nullable().default(null),
    addresses: z.array(network).max(100).default([]),
    active: z.boolean().default(true),
    comment: z.string().trim().max(500).default(""),
  })
  .refine(({ startsAt, expiresAt }) => startsAt === null || expiresAt === null || new Date(startsAt) < new Date(expiresAt), {
    path: ["expiresAt"],
    message: "must be later than the start",
  });
export type GrantInput = z.infer<typeof grant>;

export const listGrants = page.extend({
  userId: z.string().max(64).optional(),
  groupId: z.string().max(64).optional(),
  assetId: z.string().max(64).optional(),
  nodeId: z.string().max(64).optional(),
  state: z.enum(["active", "expired", "upcoming", "off", "revoked"]).optional(),
});
export const changeGrant = z.object({ id: z.string().max(64), grant });
export const revokeGrant = z.object({ id: z.string().max(64), reason: z.string().trim().max(500).default("") });
export const findEnds = z.object({ search: z.string().trim().max(100).default("") });
export const explain = z.object({
  userId: z.string().max(64),
  assetId: z.string().max(64),
  account: z.string().max(128).optional(),
  protocol: z.enum(protocolNames as [string, ...string[]]).optional(),
  at: moment.optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
});
export const preview = z.object({ id: z.string().max(64).nullable().default(null), grant: grant.nullable() });
