// Rules are asked before a terminal or a connection is opened, whatever a grant says.
import type { Authorization } from "../access/authorize.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { actOn } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import type { SessionRow } from "../sessions/schema.ts";
import { holdsEmergency } from "../tickets/break-glass.ts";
import { isLetThrough, raiseReview } from "../tickets/raise-review.ts";
import { covers, ruleThatClosesPort, type Situation } from "./covers.ts";
import type { RuleDeps } from "./deps.ts";
import { namesOf, rulesOf } from "./rules.ts";
import type { RuleRow } from "./schema.ts";

type Opening = Pick<SessionRow, "kind" | "account" | "accountChoice">;

/** @throws HubError `rule-refused`; `terminal-only` for a connection; `review-needed` with the ticket that waits, and who decides it. */
export async function beforeOpening(deps: RuleDeps, authorization: Authorization, opening: Opening): Promise<void> {
  const { actor, target, protocol } = authorization;
  const all = await rulesOf(deps.db, actor.orgId);
  if (all.length === 0) return;
  const now = deps.clock.now();
  const situation: Situation = {
    now,
    address: actor.ip,
    ...(await namesOf(deps.db, { userId: actor.id, orgId: actor.orgId, assetId: target.asset.id })),
    account: opening.kind === "dial" ? null : { username: opening.account, choice: opening.accountChoice },
    protocol,
  };
  if (opening.kind === "dial") await assertNoLinesPass(deps, authorization, all, situation);
  const rule = all.find((one) => one.kind === "connection" && covers(one, situation));
  if (rule === undefined || rule.outcome === "allow") return;
  if (rule.outcome !== "review" || rule.level === null) {
    await refuse(deps, authorization, rule, "rule-refused");
    return;
  }
  // An emergency waits for nobody; it is looked at afterwards.
  if (await holdsEmergency(deps.db, actor, target.asset.id, now)) {
    await record(deps, authorization, "rule.set-aside", rule);
    return;
  }
  const account = opening.kind === "dial" ? "" : opening.account;
  const asked = {
    kind: "connection" as const,
    ruleId: rule.id,
    rule: rule.name,
    startsAt: null,
    minutes: rule.minutes,
    assetId: target.asset.id,
    accountChoice: opening.kind === "dial" ? "" : opening.accountChoice,
    account,
    protocol,
    address: actor.ip,
  };
  if (await isLetThrough(deps.db, actor, asked, now)) return;
  const title = account === "" ? target.asset.name : `${account} @ ${target.asset.name}`;
  const { ticketId, deciders } = await raiseReview(deps, actor, {
    title: title.slice(0, 100),
    reason: rule.says === "" ? rule.name : rule.says,
    asked,
    level: rule.level,
  });
  throw new HubError(
    "review-needed",
    `The rule "${rule.name}" lets somebody else look at this first. ${deciders.length === 0 ? "Nobody can decide it now." : `It waits for ${deciders.join(", ")}.`}`,
    { facts: { ticketId, rule: rule.name, deciders: deciders.slice(0, 5).join(", "), says: rule.says } },
  );
}

/** What goes through a connection of a person's own client is encrypted from end to end: no rule can look at a line in it. */
async function assertNoLinesPass(
  deps: RuleDeps,
  authorization: Authorization,
  all: RuleRow[],
  situation: Situation,
): Promise<void> {
  const rule = ruleThatClosesPort(all, situation);
  if (rule !== undefined) await refuse(deps, authorization, rule, "terminal-only");
}

async function refuse(
  deps: RuleDeps,
  authorization: Authorization,
  rule: RuleRow,
  code: "rule-refused" | "terminal-only",
): Promise<never> {
  await record(deps, authorization, "rule.refused", rule);
  const { name, says } = rule;
  const why =
    code === "terminal-only"
      ? `The rule "${name}" looks at what is typed here, which it cannot in a connection of your own client. Open the terminal in the console.`
      : `The rule "${name}" does not let you in here now.`;
  throw new HubError(code, says === "" ? why : `${why} ${says}`, { facts: { rule: name, says } });
}

const record = (
  { db }: RuleDeps,
  { actor, target, action }: Authorization,
  kind: "rule.refused" | "rule.set-aside",
  { id, name }: RuleRow,
): Promise<void> =>
  db.transaction((tx) =>
    recordAudit(tx, { kind, ...actOn(actor, "asset", target.asset), data: { ruleId: id, rule: name, what: action, line: "" } }),
  );
