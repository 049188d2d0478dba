// The runs of one script or of one task, newest first.
"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { List } from "../list/list-page.tsx";
import { nextPage } from "../list/use-page-list.ts";
import { Empty } from "../ui/page-states.tsx";
import { useRunColumns } from "./run-columns.tsx";

export function RunsOf(of: { scriptId: string } | { taskId: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const columns = useRunColumns();
  const query = useInfiniteQuery(trpc.runs.list.infiniteQueryOptions(of, nextPage));
  return (
    <List
      name={t("runs.title")}
      query={query}
      columns={columns}
      rowId={(run) => run.id}
      searchable={false}
      empty={<Empty title={t("runs.empty")} text={t("runs.noneOf")} />}
      onOpen={(run) => router.push(`/run?id=${run.id}`)}
    />
  );
}
