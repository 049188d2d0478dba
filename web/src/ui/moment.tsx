// A point in time: relative to now, with the exact moment and zone on hover.
"use client";
import { useTranslation } from "react-i18next";
import { formatRelative, timeZoneName } from "./format.ts";
import { useLocale } from "./use-locale.ts";
import { useNow } from "./use-now.ts";

export function Moment({ at }: { at: string | null }) {
  const { t } = useTranslation();
  const { locale, moment } = useLocale();
  const now = useNow(15_000);
  if (at === null) return <span>{t("time.never")}</span>;
  return (
    <time
      dateTime={at}
      title={t("time.exact", { exact: moment(at), zone: timeZoneName() })}
      className="tabular"
      style={{ whiteSpace: "nowrap" }}
    >
      {formatRelative(Date.parse(at), now, locale) ?? t("time.justNow")}
    </time>
  );
}
