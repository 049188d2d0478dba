// Whether a rule is meant for what somebody does. Pure: who he is and what the asset is under has been looked up before; see situation.ts.
import { isWithin } from "../access/holds.ts";
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

export const covers = (rule: Reach, situation: Situation): boolean =>
  rule.active &&
  (rule.subjects.length === 0 || rule.subjects.some(({ kind, id }) => situation.subjects.has(`${kind}:${id}`))) &&
  (rule.kind === "sign-in" ||
    (rule.targets.some(({ kind, id }) => situation.ends.has(`${kind}:${id}`)) &&
      meansAccount(rule, situation) &&
      meansProtocol(rule, situation))) &&
  (rule.addresses.length === 0 || (situation.address !== null && isInside(rule.addresses, situation.address))) &&
  (rule.hours === null || isWithin(rule.hours, situation.now));

function meansAccount({ accounts }: Reach, { account }: Situation): boolean {
  if (accounts.includes("@all")) return true;
  return account !== null && (accounts.includes(account.username) || accounts.includes(account.choice));
}

const meansProtocol = ({ protocols }: Reach, { protocol }: Situation): boolean =>
  protocols.includes("@all") || (protocol !== null && protocols.includes(protocol));
