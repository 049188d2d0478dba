// Whether a rule is meant for what somebody does. Pure: who he is and what the asset is under has been looked up before; see rules.ts.
import { isWithin } from "../access/holds.ts";
import { terminalProtocols } from "../assets/input.ts";
import { isInside } from "../platform/networks.ts";
import type { RuleRow } from "./schema.ts";

/** A person in front of an asset, or, signing in, of none. */
export type Situation = {
  now: Date;
  address: string | null;
  /** `user:…`, `group:…`, `role:…` */
  subjects: ReadonlySet<string>;
  /** `asset:…`, `node:…`, `label:…`, `all:`; empty for a sign-in. */
  ends: ReadonlySet<string>;
  /** As whom: the account's user name and how it is chosen, an id or `@ask` and the like. Null: nobody signs in, or it is not known as whom. */
  account: { username: string; choice: string } | null;
  protocol: string | null;
};

export type Reach = Pick<RuleRow, "kind" | "active" | "subjects" | "targets" | "accounts" | "protocols" | "addresses" | "hours">;

/** What keeps a rule from being meant; the first of them is told. */
export const whyNots = ["off", "person", "asset", "account", "protocol", "address", "hours"] as const;
export type WhyNot = (typeof whyNots)[number];

/** Null: it is meant. */
export function whyNotCovered(rule: Reach, situation: Situation): WhyNot | null {
  if (!rule.active) return "off";
  const { subjects, addresses, hours } = rule;
  if (subjects.length > 0 && !subjects.some(({ kind, id }) => situation.subjects.has(`${kind}:${id}`))) return "person";
  if (rule.kind !== "sign-in") {
    if (!rule.targets.some(({ kind, id }) => situation.ends.has(`${kind}:${id}`))) return "asset";
    if (!meansAccount(rule, situation)) return "account";
    if (!meansProtocol(rule, situation)) return "protocol";
  }
  if (addresses.length > 0 && (situation.address === null || !isInside(addresses, situation.address))) return "address";
  return hours === null || isWithin(hours, situation.now) ? null : "hours";
}

export const covers = (rule: Reach, situation: Situation): boolean => whyNotCovered(rule, situation) === null;

/** Of a port that speaks as a terminal does: the rule about lines that nobody could look at in it. */
export const ruleThatClosesPort = <Rule extends Reach & Pick<RuleRow, "outcome">>(
  rules: readonly Rule[],
  situation: Situation,
): Rule | undefined =>
  terminalProtocols.some((one) => one === situation.protocol)
    ? rules.find(
        (one) =>
          one.kind === "command" &&
          (one.outcome === "refuse" || one.outcome === "review") &&
          covers({ ...one, accounts: ["@all"] }, situation),
      )
    : undefined;

function meansAccount({ accounts }: Reach, { account }: Situation): boolean {
  if (accounts.includes("@all")) return true;
  return account !== null && (accounts.includes(account.username) || accounts.includes(account.choice));
}

const meansProtocol = ({ protocols }: Reach, { protocol }: Situation): boolean =>
  protocols.includes("@all") || (protocol !== null && protocols.includes(protocol));
