// A rule as its form holds it, and as the hub takes it. Pure.
import { type Pattern, type RuleInput, type RuleKind, rule as ruleInput } from "@sallyport/hub/rules/input";
import type { Rule } from "../api/types.ts";
import type { Subject, Target } from "../grants/ends-picker.tsx";
import { emptyLevel, type LevelDraft, levelDraft, levelOf, type Names } from "../tickets/level-draft.ts";

export interface RuleDraft
  extends Pick<RuleInput, "kind" | "name" | "active" | "addresses" | "accounts" | "hours" | "outcome" | "minutes" | "says"> {
  subjects: Subject[];
  targets: Target[];
  protocols: string[];
  /** A pattern on each line. */
  words: string;
  regexes: string;
  /** Kept while another outcome is looked at. */
  level: LevelDraft;
}

export const emptyRule = (kind: RuleKind): RuleDraft => ({
  kind,
  name: "",
  active: true,
  subjects: [],
  targets: [],
  accounts: ["@all"],
  protocols: ["@all"],
  addresses: [],
  hours: null,
  words: "",
  regexes: "",
  outcome: "refuse",
  level: emptyLevel("minutes"),
  minutes: 60,
  says: "",
});

const patternsText = (patterns: readonly Pattern[], of: Pattern["kind"]): string =>
  patterns.flatMap(({ kind, text }) => (kind === of ? [text] : [])).join("\n");

export const draftOf = ({ level, patterns, ...rule }: Rule, names: Names): RuleDraft => ({
  ...rule,
  subjects: rule.subjects.map((one) => ({ ...one, name: names[one.id] ?? one.id })),
  targets: rule.targets.map((one) => ({ ...one, name: names[one.id] ?? one.id })),
  words: patternsText(patterns, "words"),
  regexes: patternsText(patterns, "regex"),
  level: level === null ? emptyLevel("minutes") : levelDraft(level, names),
});

const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  ),
];

export const patternsOf = ({ words, regexes }: Pick<RuleDraft, "words" | "regexes">): Pattern[] => [
  ...linesOf(words).map((text) => ({ kind: "words" as const, text })),
  ...linesOf(regexes).map((text) => ({ kind: "regex" as const, text })),
];

/** With these patterns besides; those that stand there already stay where they are. */
export function withPatterns(
  { words, regexes }: Pick<RuleDraft, "words" | "regexes">,
  more: readonly Pattern[],
): Pick<RuleDraft, "words" | "regexes"> {
  const all = [...patternsOf({ words, regexes }), ...more];
  const together = (kind: Pattern["kind"]) => linesOf(patternsText(all, kind)).join("\n");
  return { words: together("words"), regexes: together("regex") };
}

/** Only what means something for its kind and its outcome is sent. */
const asWritten = ({ words, regexes, level, ...draft }: RuleDraft) => ({
  ...draft,
  subjects: draft.subjects.map(({ kind, id }) => ({ kind, id })),
  targets: draft.targets.map(({ kind, id }) => ({ kind, id })),
  patterns: draft.kind === "command" ? patternsOf({ words, regexes }) : [],
  level: draft.outcome === "review" ? levelOf(draft.kind === "sign-in" ? { ...level, owner: false } : level) : null,
});

export type RuleField = keyof RuleInput | "approvers" | "wait";

/** What the hub is to be sent, or which fields are not right yet. */
export function readRule(draft: RuleDraft): { rule: RuleInput } | { wrong: ReadonlySet<RuleField> } {
  const parsed = ruleInput.safeParse(asWritten(draft));
  if (parsed.success) return { rule: parsed.data };
  return { wrong: new Set(parsed.error.issues.flatMap(({ path }) => fieldAt(path))) };
}

function fieldAt([first, second]: readonly PropertyKey[]): RuleField[] {
  if (first === "level") return [second === "minutes" ? "wait" : "approvers"];
  const field = ruleFields.find((one) => one === first);
  return field === undefined ? [] : [field];
}

const ruleFields = ruleInput.keyof().options;
