// The numbers of the moment, and for those who look after the fleet its last 24 hours.
"use client";
import Link from "next/link";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { HomeSummary } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { TimeChart } from "../ui/time-chart.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./home.module.css";

export function FleetStrip({ summary }: { summary: HomeSummary }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const readsFleet = useMay("fleet.read");
  const { fleetHistory, agents } = summary;
  const series = useMemo(
    () => [
      { label: t("home.online"), colour: "--sp-accent", values: fleetHistory.map(({ online }) => online) },
      { label: t("home.offline"), colour: "--sp-amber", values: fleetHistory.map(({ offline }) => offline) },
    ],
    [fleetHistory, t],
  );
  const at = useMemo(() => fleetHistory.map((point) => point.at), [fleetHistory]);
  const hasChart = readsFleet && fleetHistory.length > 1;
  return (
    <div className={classes.strip} data-alone={!hasChart || undefined}>
      <div className={classes.numbers}>
        <Link className={classes.number} href={readsFleet ? "/fleet" : "/reach"}>
          <b>
            {count(agents.online)} <small>{t("home.ofTotal", { total: count(agents.total) })}</small>
          </b>
          <span>{t("home.agentsOnline")}</span>
        </Link>
        <Link className={classes.number} href="/reach">
          <b>{count(summary.assets)}</b>
          <span>{t("home.assets")}</span>
        </Link>
        <Link className={classes.number} href="/sessions?state=live">
          <b>{count(summary.liveSessions)}</b>
          <span>{t("home.liveSessions")}</span>
        </Link>
        <Link className={classes.number} href="/runs">
          <b>{count(summary.runsToday)}</b>
          <span>{t("home.runsToday")}</span>
        </Link>
      </div>
      {hasChart && (
        <div className={classes.chart}>
          <div className={classes.chartTitle}>
            <span style={{ marginRight: "auto" }}>{t("home.fleet")}</span>
            {series.map(({ label, colour }) => (
              <span key={colour} className={classes.key} style={{ "--key": `var(${colour})` } as React.CSSProperties}>
                {label}
              </span>
            ))}
          </div>
          <TimeChart label={t("home.fleet")} at={at} series={series} height={118} />
        </div>
      )}
    </div>
  );
}
