// What lists of runs show of each.
"use client";
import { useTranslation } from "react-i18next";
import type { RunSummary } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { RunMark } from "./run-mark.tsx";
import { RunProgress } from "./run-progress.tsx";

export function useRunColumns(): Column<RunSummary>[] {
  const { t } = useTranslation();
  return [
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
}
