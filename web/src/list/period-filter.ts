// "Last 24 hours" and the like as a filter, and the span of time it stands for.
"use client";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { oneOf, useUrlState } from "../state/url-state.ts";
import type { Filter } from "./filter-bar.tsx";

const hour = 3_600_000;
const periods = { "24h": 24 * hour, "7d": 7 * 24 * hour, "30d": 30 * 24 * hour };
const names = ["24h", "7d", "30d"] as const;

export function periodFilter(t: TFunction): Filter {
  return {
    key: "period",
    label: t("audit.period"),
    options: names.map((value) => ({ value, label: t(`period.${value}`) })),
  };
}

/** From the address: a named period, or the exact span somebody dragged over a chart. */
export function usePeriod(): { from?: string; to?: string } {
  const [url] = useUrlState();
  const period = oneOf(url.get("period"), names);
  const from = url.get("from");
  const to = url.get("to");
  // Fixed when chosen: a span that slides with every render would never be answered from the cache.
  return useMemo(() => {
    if (period !== undefined) return { from: new Date(Date.now() - periods[period]).toISOString() };
    return { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
  }, [period, from, to]);
}
