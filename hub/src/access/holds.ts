// Does a grant hold, here and now? Pure: whether it names the person and the asset has been looked up before; see authorize.ts.
import { isInside } from "../platform/networks.ts";
import type { Action, Hours } from "./input.ts";
import type { GrantRow } from "./schema.ts";

/** As whom: an account of the vault by its user name, or one of the choices that need none. `ownHost`: the agent's own. */
export type AsWhom =
  | { kind: "vault"; username: string }
  | { kind: "same-name" | "ask" | "none" }
  | { kind: "agent"; ownHost: boolean };

export type Wish = { as: AsWhom; protocol: string; action: Action };
/** bound: what just that is which is to be run under an approval; null, as nearly always: nothing of the kind. */
export type Moment = { now: Date; address: string | null; bound?: string | null };
/** critical: scripts run there only as people approved them, whatever a grant says. */
export type Circumstances = Moment & { critical: boolean };

/** Why a grant that names person and asset does not help. In the order in which it is looked at. */
export const whyNots = [
  "revoked",
  "off",
  "bound",
  "not-yet",
  "expired",
  "hours",
  "address",
  "account",
  "protocol",
  "action",
  "approval",
] as const;
export type WhyNot = (typeof whyNots)[number];

type Rule = Pick<
  GrantRow,
  "accounts" | "protocols" | "actions" | "startsAt" | "expiresAt" | "hours" | "addresses" | "active" | "revokedAt" | "bound"
>;

/** Null when it holds for the wish. */
export const whyNot = (grant: Rule, wish: Wish, circumstances: Circumstances): WhyNot | null =>
  whyNotNow(grant, circumstances) ??
  (wish.action !== "forward" && !coversAccount(grant, wish.as) // nobody signs in to what is forwarded
    ? "account"
    : !coversProtocol(grant, wish.protocol)
      ? "protocol"
      : !grant.actions.includes(wish.action)
        ? "action"
        : wish.action === "run" && circumstances.critical && grant.bound === null
          ? "approval"
          : null);

/** Null when it holds at all at this moment, from this address. */
export function whyNotNow(grant: Rule, { now, address, bound = null }: Moment): WhyNot | null {
  if (grant.revokedAt !== null) return "revoked";
  if (!grant.active) return "off";
  if (grant.bound !== null && grant.bound !== bound) return "bound";
  if (grant.startsAt !== null && now < grant.startsAt) return "not-yet";
  if (grant.expiresAt !== null && now >= grant.expiresAt) return "expired";
  if (grant.hours !== null && !isWithin(grant.hours, now)) return "hours";
  if (grant.addresses.length > 0 && (address === null || !isInside(grant.addresses, address))) return "address";
  return null;
}

/** `@all` is every account of the vault, and an agent's own identity on its own host. The other choices are named or not meant. */
export function coversAccount({ accounts }: Pick<Rule, "accounts">, as: AsWhom): boolean {
  if (as.kind === "vault") return accounts.includes("@all") || accounts.includes(as.username);
  if (as.kind === "agent" && as.ownHost && accounts.includes("@all")) return true;
  return accounts.includes(`@${as.kind}`);
}

export const coversProtocol = ({ protocols }: Pick<Rule, "protocols">, protocol: string): boolean =>
  protocols.includes("@all") || protocols.includes(protocol);

const weekdays: Record<string, number> = { Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6, Sun: 7 };
/** Making a format takes a millisecond, using one a microsecond. Bounded by the zones of the IANA database. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** By the wall clock of its zone, so a change to summer time moves nothing. */
export function isWithin({ timeZone, spans }: Hours, now: Date): boolean {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = weekdays[parts.get("weekday") ?? ""] ?? 0;
  const minute = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
  return spans.some(({ days, from, to }) => days.includes(day) && from <= minute && minute < to);
}
