// Rules: what holds up what a grant allows.
import { byId } from "../../platform/input.ts";
import { explainRules } from "../../rules/explain-rules.ts";
import * as input from "../../rules/input.ts";
import { changeRule, createRule, moveRule, removeRule } from "../../rules/manage-rules.ts";
import { firstMatch } from "../../rules/patterns.ts";
import { presentRule } from "../../rules/present.ts";
import { rulesOf } from "../../rules/rules.ts";
import { idsOfLevel, namesOfIds } from "../../tickets/flows.ts";
import { created, nothing } from "../output.ts";
import * as output from "../rule-output.ts";
import { needs, router } from "../trpc.ts";

const tag = "Rules";
const reading = needs("grants.read");
const managing = needs("rules.manage");

export const rulesRouter = router({
  list: reading
    .meta({ rest: { method: "GET", path: "/rules", tag, summary: "All rules, each kind in the order in which they are asked" } })
    .output(output.rules)
    .query(async ({ ctx }) => {
      const { db } = ctx.hub.rules;
      const rows = await rulesOf(db, ctx.actor.orgId);
      const ids = rows.flatMap(({ subjects, targets, level }) => [
        ...subjects.map(({ id }) => id),
        ...targets.map(({ id }) => id),
        ...(level === null ? [] : idsOfLevel(level)),
      ]);
      return { items: rows.map(presentRule), names: await namesOfIds(db, ctx.actor.orgId, ids) };
    }),
  create: managing
    .meta({ rest: { method: "POST", path: "/rules", status: 201, tag, summary: "Write a rule; it is asked last of its kind" } })
    .input(input.createRule)
    .output(created)
    .mutation(async ({ ctx, input: { rule } }) => ({ id: await createRule(ctx.hub.rules, ctx.actor, rule) })),
  change: managing
    .meta({ rest: { method: "POST", path: "/rules/{id}", tag, summary: "Write a rule anew" } })
    .input(input.changeRule)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeRule(ctx.hub.rules, ctx.actor, given);
      return {};
    }),
  move: managing
    .meta({ rest: { method: "POST", path: "/rules/{id}/move", tag, summary: "Put a rule before another of its kind, or last" } })
    .input(input.moveRule)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await moveRule(ctx.hub.rules, ctx.actor, given);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "DELETE", path: "/rules/{id}", tag, summary: "Remove a rule" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeRule(ctx.hub.rules, ctx.actor, id);
      return {};
    }),
  tryPatterns: managing
    .meta({ rest: { method: "POST", path: "/rule-patterns/try", tag, summary: "Which of these patterns a line matches first" } })
    .input(input.tryPatterns)
    .output(output.tried)
    .mutation(({ input: { patterns, line } }) => ({ match: firstMatch(patterns, line)?.text ?? null })),
  explain: managing
    .meta({
      rest: {
        method: "POST",
        path: "/rules/explain",
        tag,
        summary: "What the rules would say to a person at this moment, and why",
      },
    })
    .input(input.explainRules)
    .output(output.explained)
    .mutation(({ ctx, input: given }) => explainRules(ctx.hub.rules.db, ctx.actor.orgId, given, ctx.hub.rules.clock.now())),
});
