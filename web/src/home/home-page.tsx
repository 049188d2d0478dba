// Home: what can I reach, what is running, what waits for me.
"use client";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { HomeSummary } from "../api/types.ts";
import { AssetTiles } from "../assets/asset-tile.tsx";
import { NoAssets } from "../assets/no-assets.tsx";
import { Page } from "../ui/page.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { FleetStrip } from "./fleet-strip.tsx";
import classes from "./home.module.css";
import { RunLines, SessionLines } from "./home-lines.tsx";

export function HomePage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const summary = useQuery(trpc.home.summary.queryOptions());
  return (
    <Page title={t("home.title")} purpose={t("home.purpose")}>
      {summary.data !== undefined ? (
        <Home summary={summary.data} />
      ) : summary.isError ? (
        <Failed error={summary.error} onRetry={() => void summary.refetch()} />
      ) : (
        <HomeSkeleton />
      )}
    </Page>
  );
}

function Home({ summary }: { summary: HomeSummary }) {
  const { t } = useTranslation();
  if (summary.assets === 0) return <NoAssets />;
  const { recentAssets, running, failedRuns, liveSessionsList } = summary;
  return (
    <div className={classes.home}>
      <FleetStrip summary={summary} />
      <section>
        <div className={classes.sectionHead}>
          <h2>{t("home.recent")}</h2>
          <Button component={Link} href="/reach" variant="subtle" size="compact-sm">
            {t("home.goReach")}
          </Button>
        </div>
        {recentAssets.length > 0 ? (
          <AssetTiles assets={recentAssets} />
        ) : (
          <p className={classes.none}>{t("home.noRecentText")}</p>
        )}
      </section>
      <div className={classes.columns}>
        <Panel title={t("home.live")} flush>
          <SessionLines sessions={liveSessionsList} none={t("home.noLive")} />
        </Panel>
        <Panel title={t("home.running")} flush>
          <RunLines runs={running} none={t("home.noRunning")} />
        </Panel>
        <Panel title={t("home.failedRuns")} flush>
          <RunLines runs={failedRuns} none={t("home.noFailedRuns")} />
        </Panel>
      </div>
    </div>
  );
}

function HomeSkeleton() {
  return (
    <div className={classes.home} aria-busy="true">
      <Skeleton height={92} />
      <div className={classes.columns}>
        <Skeleton height={112} />
        <Skeleton height={112} />
        <Skeleton height={112} />
      </div>
      <div className={classes.columns}>
        <Skeleton height={180} />
        <Skeleton height={180} />
        <Skeleton height={180} />
      </div>
    </div>
  );
}
