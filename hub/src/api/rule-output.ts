// Shapes of what the API tells about rules.
import { z } from "zod";
import { hours, subject, target } from "../access/input.ts";
import { whyNots } from "../rules/covers.ts";
import { outcomes, pattern, ruleKinds } from "../rules/input.ts";
import { level } from "../tickets/input.ts";

export const rule = z.object({
  id: z.string(),
  kind: z.enum(ruleKinds),
  name: z.string(),
  active: z.boolean(),
  subjects: z.array(subject),
  targets: z.array(target),
  accounts: z.array(z.string()),
  protocols: z.array(z.string()),
  addresses: z.array(z.string()),
  hours: hours.nullable(),
  patterns: z.array(pattern),
  outcome: z.enum(outcomes),
  level: level.nullable(),
  minutes: z.number().int(),
  says: z.string(),
  updatedAt: z.iso.datetime(),
});
/** names: of whom and what the rules name, by id. */
export const rules = z.object({ items: z.array(rule), names: z.record(z.string(), z.string()) });
/** match: the pattern's text; null: none matches. */
export const tried = z.object({ match: z.string().nullable() });
/** As `RulesExplained` in rules/explain-rules.ts. */
export const explained = z.object({
  closedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
  decides: z.object({ id: z.string(), outcome: z.enum(outcomes), pattern: z.string().nullable() }).nullable(),
  asked: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      outcome: z.enum(outcomes),
      why: z.enum([...whyNots, "line", "later"]).nullable(),
    }),
  ),
});
