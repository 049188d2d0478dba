// What would the rules say? Asked by whoever writes them, of anybody and any line, before somebody is held up.
import type { z } from "zod";
import { findAsset } from "../assets/assets.ts";
import { findMember } from "../identity/members.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { covers, ruleThatClosesPort, type Situation, type WhyNot, whyNotCovered } from "./covers.ts";
import type { explainRules as explainRulesInput, Outcome } from "./input.ts";
import { firstMatch } from "./patterns.ts";
import { namesOf, rulesOf } from "./rules.ts";
import type { RuleRow } from "./schema.ts";

export type RulesExplained = {
  /** The rule that decides; null: none does, and nobody is held up. pattern: what of the line it found; null: it looks at no lines. */
  decides: { id: string; outcome: Outcome; pattern: string | null } | null;
  /** Of a port: the rule about lines that closes it before rules of connections are asked, since nobody could look at a line in it. */
  closedBy: { id: string; name: string } | null;
  /** All of the kind, in the order in which they are asked. why: what keeps one from being meant; null: the one that decides. */
  asked: { id: string; name: string; outcome: Outcome; why: WhyNot | "line" | "later" | null }[];
};

/** @throws HubError `not-found` for a person or asset of another organisation. */
export async function explainRules(
  db: Queryable,
  orgId: string,
  { kind, userId, assetId, account, protocol, address, line }: z.infer<typeof explainRulesInput>,
  now: Date,
): Promise<RulesExplained> {
  if ((await findMember(db, orgId, userId)) === null) throw notFound("person");
  if (assetId !== null && (await findAsset(db, orgId, assetId)) === null) throw notFound("asset");
  const situation: Situation = {
    now,
    address,
    ...(await namesOf(db, { userId, orgId, assetId })),
    account: account === "" ? null : { username: account, choice: account },
    protocol: kind === "sign-in" ? null : protocol,
  };
  const finds = (rule: RuleRow) => (rule.kind === "command" ? firstMatch(rule.patterns, line) : null);
  const all = await rulesOf(db, orgId, kind);
  const isPort = kind === "connection" && account === "";
  const closing = isPort ? ruleThatClosesPort(await rulesOf(db, orgId, "command"), situation) : undefined;
  const first = all.find((rule) => covers(rule, situation) && (rule.kind !== "command" || finds(rule) !== null));
  const place = first === undefined ? all.length : all.indexOf(first);
  return {
    closedBy: closing === undefined ? null : { id: closing.id, name: closing.name },
    decides: first === undefined ? null : { id: first.id, outcome: first.outcome, pattern: finds(first)?.text ?? null },
    asked: all.map((rule, n) => ({
      id: rule.id,
      name: rule.name,
      outcome: rule.outcome,
      why: rule === first ? null : n > place ? "later" : (whyNotCovered(rule, situation) ?? "line"),
    })),
  };
}
