// Tasks: scripts bound to hosts and to times.
"use client";
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Task } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { RunMark } from "../runs/run-mark.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { TaskMark } from "./task-mark.tsx";

const states = ["active", "paused"] as const;

export function TasksPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayRun = useMay("run.start");
  const [url] = useUrlState();
  const query = useInfiniteQuery(
    trpc.tasks.list.infiniteQueryOptions(
      { ...useSearch(), state: oneOf(url.get("state"), states), archived: url.get("kept") === "archived" },
      nextPage,
    ),
  );
  const add = mayRun && (
    <Button component={Link} href="/tasks/edit" leftSection={<IconPlus size={16} />}>
      {t("tasks.new")}
    </Button>
  );
  const columns: Column<Task>[] = [
    { key: "name", title: t("scripts.name"), cell: ({ name }) => <b style={{ fontWeight: 500 }}>{displayText(name)}</b> },
    { key: "state", title: t("runs.state"), cell: (task) => <TaskMark {...task} /> },
    { key: "script", title: t("scripts.script"), cell: ({ script }) => displayText(script.name), hideOn: "medium" },
    {
      key: "next",
      title: t("tasks.next"),
      cell: ({ nextFireAt }) => (nextFireAt === null ? "–" : <Moment at={nextFireAt} />),
      hideOn: "small",
    },
    {
      key: "zone",
      title: t("grants.timeZone"),
      cell: ({ schedule }) => (schedule === null || schedule.kind === "once" ? "–" : displayText(schedule.timeZone)),
      hideOn: "medium",
    },
    {
      key: "last",
      title: t("tasks.last"),
      cell: ({ lastRun }) => (lastRun === null ? "–" : <RunMark run={lastRun} />),
      hideOn: "small",
    },
    { key: "owner", title: t("scripts.owner"), cell: ({ owner }) => displayText(owner.name), hideOn: "medium" },
    { key: "created", title: t("runs.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "medium" },
  ];
  return (
    <Page title={t("tasks.title")} purpose={t("tasks.purpose")} action={add}>
      <List
        name={t("tasks.title")}
        query={query}
        columns={columns}
        rowId={(task) => task.id}
        filters={[
          { key: "state", label: t("runs.state"), options: states.map((value) => ({ value, label: t(`taskState.${value}`) })) },
          { key: "kept", label: t("scripts.kept"), options: [{ value: "archived", label: t("scripts.archived") }] },
        ]}
        empty={
          <Empty title={t("tasks.empty")} text={t("tasks.emptyText")}>
            {add}
          </Empty>
        }
        onOpen={(task) => router.push(`/task?id=${task.id}`)}
      />
    </Page>
  );
}
