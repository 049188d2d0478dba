// A rule in words: the parts of its sentence.
import { roleNames } from "@sallyport/hub/identity/input";
import type { TFunction } from "i18next";
import type { Rule } from "../api/types.ts";
import { endText } from "../grants/ends-picker.tsx";
import { oneOf } from "../state/url-state.ts";
import type { Names } from "../tickets/level-draft.ts";
import { displayText } from "../ui/display-text.ts";

type End = Rule["subjects"][number] | Rule["targets"][number];

/** What the hub has no name for is gone; labels and the built-in roles are their own names. */
function nameOf({ kind, id }: End, names: Names, t: TFunction): string {
  const ownName = kind === "label" || kind === "all" || (kind === "role" && oneOf(id, roleNames) !== undefined);
  const name = names[id] ?? (ownName ? id : undefined);
  return name === undefined ? t("rules.gone") : endText({ kind, id, name }, t);
}

const joined = (ends: readonly End[], names: Names, t: TFunction): string =>
  ends.map((end) => nameOf(end, names, t)).join(t("list.comma"));

export const whoText = ({ subjects }: Rule, names: Names, t: TFunction): string =>
  subjects.length === 0 ? t("rules.anybody") : joined(subjects, names, t);

export const whereText = ({ targets }: Rule, names: Names, t: TFunction): string => joined(targets, names, t);

function linesText({ patterns }: Rule, t: TFunction): string {
  const [first] = patterns;
  if (first !== undefined && patterns.length === 1) return t("rules.onePattern", { text: displayText(first.text, 60) });
  return t("rules.anyPattern", { count: patterns.length });
}

type Level = NonNullable<Rule["level"]>;

const approversText = (approvers: Level["approvers"], names: Names, t: TFunction): string =>
  approvers
    .map((one) => ("id" in one ? nameOf(one, names, t) : t(one.kind === "manager" ? "rules.manager" : "rules.owner")))
    .join(t("list.comma"));

export function decidersText({ approvers, need }: Level, names: Names, t: TFunction): string {
  const who = approversText(approvers, names, t);
  switch (need.kind) {
    case "any":
      return approvers.length === 1 ? who : t("rules.oneOf", { who });
    case "all":
      return approvers.length === 1 ? t("rules.allOfOne", { who }) : t("rules.allOf", { who });
    case "count":
      return t("rules.countOf", { n: need.value, who });
  }
}

export const escalationText = ({ escalateTo }: Level, names: Names, t: TFunction): string =>
  escalateTo.length === 0 ? t("rules.lapses") : t("rules.thenAlso", { who: approversText(escalateTo, names, t) });

export function sentenceOf(rule: Rule, names: Names, t: TFunction): string {
  const { kind, outcome, level } = rule;
  const deciders = level === null ? "" : decidersText(level, names, t);
  // Only lines are warned of.
  const ofLines = kind === "command" || outcome === "warn";
  return t(`ruleSentence.${kind}`, {
    who: whoText(rule, names, t),
    where: whereText(rule, names, t),
    lines: linesText(rule, t),
    becomes: ofLines ? t(`ruleLines.${outcome}`, { deciders }) : t(`ruleThen.${outcome}`, { deciders }),
  });
}
