// What becomes of what a rule covers, as one looks for it in a list.
"use client";
import type { Outcome } from "@sallyport/hub/rules/input";
import { IconAlertTriangle, IconCircleCheck, IconEye, IconHandStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { StateMark } from "../ui/state-mark.tsx";

const looks = {
  allow: { tone: "green", icon: IconCircleCheck },
  warn: { tone: "amber", icon: IconAlertTriangle },
  review: { tone: "blue", icon: IconEye },
  refuse: { tone: "red", icon: IconHandStop },
} as const;

export function OutcomeMark({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation();
  return <StateMark {...looks[outcome]}>{t(`ruleOutcome.${outcome}`)}</StateMark>;
}
