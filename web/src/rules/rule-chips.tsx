// What a rule's sentence leaves out: which lines, as whom, by what, from where, when, for how long. Nothing for what holds always.
"use client";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Rule } from "../api/types.ts";
import { accountsText } from "../grants/grants-page.tsx";
import { hoursText } from "../grants/hours-field.tsx";
import type { Names } from "../tickets/level-draft.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { escalationText } from "./rule-text.ts";
import classes from "./rules.module.css";

/** More are read in the form. */
const shownMax = 8;

export function RuleChips({ rule, names }: { rule: Rule; names: Names }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const chips = conditionsOf(rule, names, t, (minutes) => duration(minutes * 60_000));
  // One pattern alone stands in the sentence.
  const patterns = rule.patterns.length > 1 ? rule.patterns : [];
  if (patterns.length + chips.length === 0) return null;
  return (
    <ul className={classes.chips}>
      {patterns.slice(0, shownMax).map(({ kind, text }) => (
        <Chip key={`${kind} ${text}`}>
          <code>{displayText(text, 60)}</code>
        </Chip>
      ))}
      {patterns.length > shownMax && <Chip>{t("rules.morePatterns", { count: patterns.length - shownMax })}</Chip>}
      {chips.map((chip) => (
        <Chip key={chip}>{chip}</Chip>
      ))}
    </ul>
  );
}

function Chip({ children }: { children: ReactNode }) {
  return <li className={classes.chip}>{children}</li>;
}

function conditionsOf(rule: Rule, names: Names, t: TFunction, duration: (minutes: number) => string): string[] {
  const { kind, accounts, protocols, addresses, hours, outcome, level, minutes } = rule;
  const chips: string[] = [];
  if (kind !== "sign-in" && !accounts.includes("@all")) chips.push(t("rules.as", { accounts: accountsText(rule, t) }));
  if (kind !== "sign-in" && !protocols.includes("@all")) chips.push(t("rules.by", { protocols: protocols.join(", ") }));
  if (addresses.length > 0) chips.push(t("rules.from", { networks: addresses.join(", ") }));
  if (hours !== null) chips.push(hoursText(hours, (day) => t(`grants.day.${day}`)));
  if (level !== null && level.minutes !== null)
    chips.push(t("rules.within", { duration: duration(level.minutes), otherwise: escalationText(level, names, t) }));
  if (outcome === "review" && kind !== "command") chips.push(t("rules.lets", { duration: duration(minutes) }));
  return chips;
}
