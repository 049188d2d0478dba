// A schedule in the reader's words.
"use client";
import type { Schedule } from "@sallyport/hub/tasks/input";
import cronstrue from "cronstrue";
import "cronstrue/locales/zh_CN";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";

/** Of an expression; itself where it cannot be put into words. */
function cronText(expression: string, language: string): string {
  try {
    return cronstrue.toString(expression, {
      locale: language === "zh" ? "zh_CN" : "en",
      use24HourTimeFormat: true,
      verbose: true,
    });
  } catch {
    return displayText(expression, 100);
  }
}

export function useScheduleText(): (schedule: Schedule | null) => string {
  const { t, i18n } = useTranslation();
  const { duration, moment } = useLocale();
  return (schedule) => {
    if (schedule === null) return t("schedule.byHand");
    if (schedule.kind === "once") return t("schedule.onceAt", { at: moment(schedule.at) });
    if (schedule.kind === "interval") return t("schedule.everyText", { every: duration(schedule.everySeconds * 1_000) });
    return t("schedule.cronText", { text: cronText(schedule.expression, i18n.language), zone: displayText(schedule.timeZone) });
  };
}
