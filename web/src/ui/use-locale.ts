// The formatting functions bound to the language on screen.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { formatBytes, formatCount, formatDuration, formatMoment } from "./format.ts";

export function useLocale() {
  const { t, i18n } = useTranslation();
  const locale = i18n.language === "zh" ? "zh-CN" : "en-GB";
  return useMemo(
    () => ({
      locale,
      bytes: (bytes: number) => formatBytes(bytes, locale),
      count: (count: number) => formatCount(count, locale),
      duration: (ms: number) => formatDuration(ms, t),
      moment: (at: string | number) => formatMoment(at, locale),
    }),
    [locale, t],
  );
}
