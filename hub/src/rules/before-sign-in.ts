// Rules are asked before somebody is let in to the console, when he has shown everything else.
import { recordAudit } from "../audit/record-audit.ts";
import type { Origin } from "../identity/deps.ts";
import { HubError } from "../platform/errors.ts";
import { isLetThrough, raiseReview } from "../tickets/raise-review.ts";
import { covers } from "./covers.ts";
import type { RuleDeps } from "./deps.ts";
import { namesOf, rulesOf } from "./rules.ts";

type Person = { id: string; name: string; orgId: string };

/** Of a browser's own words so much is shown. */
const browserMax = 200;

/** The ticket that it waits for; null: nothing holds it up. @throws HubError `rule-refused`. */
export async function beforeSignIn(deps: RuleDeps, person: Person, { ip, userAgent }: Origin): Promise<string | null> {
  const { db, clock } = deps;
  const { id, name, orgId } = person;
  const all = await rulesOf(db, orgId, "sign-in");
  if (all.length === 0) return null;
  const now = clock.now();
  const names = await namesOf(db, { userId: id, orgId, assetId: null });
  const rule = all.find((one) => covers(one, { now, address: ip, ...names, account: null, protocol: null }));
  if (rule === undefined || rule.outcome === "allow") return null;
  if (rule.outcome !== "review" || rule.level === null) {
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "rule.refused",
        orgId,
        actor: { id, name },
        subject: { kind: "person", id, name },
        ip,
        data: { ruleId: rule.id, rule: rule.name, what: "sign-in", line: "" },
      }),
    );
    throw new HubError(
      "rule-refused",
      `The rule "${rule.name}" does not let you in here now.${rule.says === "" ? "" : ` ${rule.says}`}`,
      { facts: { rule: rule.name, says: rule.says } },
    );
  }
  const asked = {
    kind: "sign-in" as const,
    ruleId: rule.id,
    rule: rule.name,
    startsAt: null,
    minutes: rule.minutes,
    address: ip,
    browser: userAgent.slice(0, browserMax).toWellFormed(),
  };
  if (await isLetThrough(db, person, asked, now)) return null;
  const reason = rule.says === "" ? rule.name : rule.says;
  const { ticketId } = await raiseReview(
    deps,
    { id, name, orgId, ip },
    { title: name.slice(0, 100), reason, asked, level: rule.level },
  );
  return ticketId;
}
