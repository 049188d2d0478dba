// A small mark where access ends soon: the day and minute, with the zone.
"use client";
import { IconHourglassLow } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { formatEnd, timeZoneName } from "../ui/format.ts";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./access-ends.module.css";

export function AccessEnds({ at }: { at: string | null }) {
  const { t } = useTranslation();
  const { locale, moment } = useLocale();
  if (at === null) return null;
  return (
    <time dateTime={at} className={classes.ends} title={t("time.exact", { exact: moment(at), zone: timeZoneName() })}>
      <IconHourglassLow size={14} aria-hidden />
      {t("reach.endsAt", { end: formatEnd(at, locale) })}
    </time>
  );
}
