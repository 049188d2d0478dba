// How far a run is: one bar, a part for each outcome.
"use client";
import { useTranslation } from "react-i18next";
import type { RunSummary } from "../api/types.ts";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./run.module.css";

export function RunProgress({ counts, wide = false }: { counts: RunSummary["counts"]; wide?: boolean }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const done = counts.succeeded + counts.failed + counts.stopped;
  const parts = [
    ["--sp-green", counts.succeeded],
    ["--sp-red", counts.failed],
    ["--sp-muted", counts.stopped],
    ["--sp-blue", counts.running],
  ] as const;
  const label = t("runs.progressText", { done: count(done), total: count(counts.total) });
  return (
    <span className={classes.progress} data-wide={wide || undefined} role="img" aria-label={label} title={label}>
      <span className={classes.bar}>
        {parts.map(([colour, share]) => (
          <span key={colour} style={{ width: `${(share / Math.max(1, counts.total)) * 100}%`, background: `var(${colour})` }} />
        ))}
      </span>
      <span className="tabular">
        {count(done)}/{count(counts.total)}
      </span>
    </span>
  );
}
