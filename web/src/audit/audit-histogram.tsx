// Events over time; dragging over it narrows the list to that span.
"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { TimeChart } from "../ui/time-chart.tsx";
import classes from "./audit.module.css";

const week = 7 * 86_400_000;

interface AuditHistogramProps {
  period: { from?: string; to?: string };
  onSelect: (from: string, to: string) => void;
}

export function AuditHistogram({ period, onSelect }: AuditHistogramProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [openedAt] = useState(() => Date.now());
  const to = period.to ?? new Date(openedAt).toISOString();
  const from = period.from ?? new Date(Date.parse(to) - week).toISOString();
  const { data } = useQuery(trpc.audit.histogram.queryOptions({ from, to }));
  const at = useMemo(() => data?.items.map((bucket) => bucket.at) ?? [], [data]);
  const series = useMemo(
    () => [{ label: t("audit.histogram"), colour: "--sp-accent", values: data?.items.map(({ count }) => count) ?? [] }],
    [data, t],
  );
  return (
    <div className={classes.histogram}>
      <TimeChart
        label={t("audit.histogram")}
        at={at}
        series={series}
        height={84}
        bars
        shown={[Date.parse(from), Date.parse(to)]}
        onSelect={(fromMs, toMs) => onSelect(new Date(fromMs).toISOString(), new Date(toMs).toISOString())}
      />
    </div>
  );
}
