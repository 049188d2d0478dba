// A small mark where access ends soon: the date, with its zone.
"use client";
import { IconHourglassLow } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { timeZoneName } from "../ui/format.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useLocale } from "../ui/use-locale.ts";

export function AccessEnds({ at }: { at: string | null }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  if (at === null) return null;
  return (
    <StateMark tone="amber" icon={IconHourglassLow}>
      {t("reach.endsAt", { exact: moment(at), zone: timeZoneName() })}
    </StateMark>
  );
}
