// Runs: scripts that were run on assets.
"use client";
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunSummary } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { RunMark } from "./run-mark.tsx";
import { RunProgress } from "./run-progress.tsx";

const states = ["queued", "running", "stopping", "finished"] as const;

export function RunsPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayRun = useMay("run.start");
  const [url] = useUrlState();
  const state = oneOf(url.get("state"), states);
  const query = useInfiniteQuery(trpc.runs.list.infiniteQueryOptions({ ...useSearch(), state }, nextPage));
  const newRun = mayRun && (
    <Button component={Link} href="/runs/new" leftSection={<IconPlus size={16} />}>
      {t("runs.new")}
    </Button>
  );

  const columns: Column<RunSummary>[] = [
    {
      key: "title",
      title: t("runs.run"),
      cell: ({ title }) => <b style={{ fontWeight: 500 }}>{displayText(title) || t("runs.untitled")}</b>,
    },
    { key: "state", title: t("runs.state"), cell: (run) => <RunMark run={run} /> },
    { key: "progress", title: t("runs.progress"), cell: ({ counts }) => <RunProgress counts={counts} />, hideOn: "small" },
    { key: "by", title: t("runs.by"), cell: ({ createdBy }) => displayText(createdBy.name), hideOn: "medium" },
    { key: "created", title: t("runs.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "small" },
    {
      key: "lasted",
      title: t("runs.lasted"),
      cell: ({ startedAt, endedAt }) => (startedAt === null ? "–" : <RunningTime since={startedAt} until={endedAt} />),
      hideOn: "medium",
    },
    { key: "id", title: "ID", cell: ({ id }) => <ShortId id={id} />, hideOn: "medium" },
  ];

  return (
    <Page title={t("runs.title")} purpose={t("runs.purpose")} action={newRun}>
      <List
        name={t("runs.title")}
        query={query}
        columns={columns}
        rowId={(run) => run.id}
        filters={[
          { key: "state", label: t("runs.state"), options: states.map((value) => ({ value, label: t(`runState.${value}`) })) },
        ]}
        empty={
          <Empty title={t("runs.empty")} text={t("runs.emptyText")}>
            {newRun}
          </Empty>
        }
        onOpen={(run) => router.push(`/run?id=${run.id}`)}
      />
    </Page>
  );
}
