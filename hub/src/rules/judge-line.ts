// Rules are asked about a line that somebody typed, before it runs.
import { eq } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { users } from "../identity/schema.ts";
import { errorFields } from "../platform/log.ts";
import type { TypedLine, Verdict } from "../sessions/line-gate.ts";
import type { SessionRow } from "../sessions/schema.ts";
import { holdsEmergency } from "../tickets/break-glass.ts";
import { reviewedLineMax } from "../tickets/input.ts";
import { raiseReview, withdrawReview } from "../tickets/raise-review.ts";
import { covers, type Situation } from "./covers.ts";
import type { RuleDeps } from "./deps.ts";
import type { HeldLines } from "./held-lines.ts";
import { maskedLine } from "./masked-line.ts";
import { firstMatch } from "./patterns.ts";
import { namesOf, rulesOf } from "./rules.ts";
import type { RuleRow } from "./schema.ts";

/** So long an approved line may wait for its terminal: the answer comes while somebody sits there. */
const approvedMinutes = 5;

/** Of terminals of one organisation those, by id, where some rule looks at what is typed, at some hour. Without rules it is one question for all of them. */
export async function lookedAt(deps: Pick<RuleDeps, "db" | "clock">, rows: readonly SessionRow[]): Promise<Set<string>> {
  const looked = new Set<string>();
  const [first] = rows;
  const all = first === undefined ? [] : await rulesOf(deps.db, first.orgId, "command");
  if (!all.some(({ active }) => active)) return looked;
  for (const row of rows) {
    const situation = await situationOf(deps, row);
    if (all.some((rule) => covers({ ...rule, hours: null }, situation))) looked.add(row.id);
  }
  return looked;
}

/** Never throws: what cannot be looked at does not run. */
export async function judgeLine(deps: RuleDeps & { held: HeldLines }, row: SessionRow, line: TypedLine): Promise<Verdict> {
  try {
    return await judge(deps, row, line);
  } catch (error) {
    deps.log.error({ session: row.id, ...errorFields(error) }, "line not looked at");
    return { kind: "refuse", rule: "", line: maskedLine(line.shown).slice(0, reviewedLineMax), says: "", why: "unavailable" };
  }
}

async function judge(deps: RuleDeps & { held: HeldLines }, row: SessionRow, { shown, typed }: TypedLine): Promise<Verdict> {
  const all = await rulesOf(deps.db, row.orgId, "command");
  if (!all.some(({ active }) => active)) return { kind: "pass" };
  const situation = await situationOf(deps, row);
  const matches = (text: string | null, rule: RuleRow) =>
    text !== null && text !== "" && firstMatch(rule.patterns, text) !== null;
  const rule = all.find((one) => covers(one, situation) && (matches(shown, one) || matches(typed, one)));
  if (rule === undefined || rule.outcome === "allow") return { kind: "pass" };
  // In a full-screen program the keys are all there is. Elsewhere what the screen did not show may be a secret, and is told nobody.
  const whole = shown === "" ? (typed ?? "") : shown;
  const told = { rule: rule.name, line: maskedLine(whole).slice(0, reviewedLineMax).toWellFormed(), says: rule.says };
  const record = (kind: LineEvent) => recordLine(deps, row, kind, { ruleId: rule.id, rule: rule.name, line: told.line });
  if (rule.outcome === "warn") {
    await record("rule.warned");
    const confirmed = () =>
      record("rule.confirmed").then(
        () => true,
        (error: unknown) => {
          deps.log.error({ session: row.id, ...errorFields(error) }, "confirmed line not on record");
          return false;
        },
      );
    return { kind: "warn", ...told, confirmed };
  }
  if (rule.outcome === "refuse" || rule.level === null) {
    await record("rule.refused");
    return { kind: "refuse", ...told, why: "refused" };
  }
  if (await holdsEmergency(deps.db, { id: row.userId, orgId: row.orgId }, row.assetId, deps.clock.now())) {
    await record("rule.set-aside");
    return { kind: "pass" };
  }
  if (whole.length > reviewedLineMax) {
    await record("rule.refused");
    return { kind: "refuse", ...told, why: "too-long" };
  }
  const { person, asset } = await whoAndWhere(deps, row);
  const { ticketId, deciders } = await raiseReview(
    deps,
    { id: row.userId, name: person, orgId: row.orgId, ip: row.address },
    {
      title: `${row.account} @ ${asset}: ${told.line.replace(/\s+/g, " ")}`.slice(0, 100).toWellFormed(),
      reason: rule.says === "" ? rule.name : rule.says,
      asked: {
        kind: "command",
        ruleId: rule.id,
        rule: rule.name,
        startsAt: null,
        minutes: approvedMinutes,
        assetId: row.assetId,
        sessionId: row.id,
        account: row.account,
        line: told.line,
      },
      level: rule.level,
    },
  );
  const giveUp = () => {
    withdrawReview(deps, ticketId).catch((error: unknown) => deps.log.error(errorFields(error), "review not withdrawn"));
  };
  return { kind: "review", ...told, ticketId, deciders, outcome: deps.held.wait(ticketId), giveUp };
}

type LineEvent = "rule.refused" | "rule.warned" | "rule.confirmed" | "rule.set-aside";

async function situationOf({ db, clock }: Pick<RuleDeps, "db" | "clock">, row: SessionRow): Promise<Situation> {
  return {
    now: clock.now(),
    address: row.address,
    ...(await namesOf(db, row)),
    account: { username: row.account, choice: row.accountChoice },
    protocol: row.protocol,
  };
}

async function whoAndWhere({ db }: Pick<RuleDeps, "db">, { userId, assetId }: SessionRow) {
  const [[person], [asset]] = await Promise.all([
    db.select({ name: users.name }).from(users).where(eq(users.id, userId)),
    db.select({ name: assets.name }).from(assets).where(eq(assets.id, assetId)),
  ]);
  return { person: person?.name ?? "", asset: asset?.name ?? "" };
}

async function recordLine(
  deps: Pick<RuleDeps, "db">,
  row: SessionRow,
  kind: LineEvent,
  { ruleId, rule, line }: { ruleId: string; rule: string; line: string },
): Promise<void> {
  const { person, asset } = await whoAndWhere(deps, row);
  await deps.db.transaction((tx) =>
    recordAudit(tx, {
      kind,
      orgId: row.orgId,
      actor: { id: row.userId, name: person },
      subject: { kind: "session", id: row.id, name: asset },
      ip: row.address,
      data: { ruleId, rule, what: "command", line },
    }),
  );
}
