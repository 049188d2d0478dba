// The machines of a run as a table: where each stands, who runs it, how it ended and what it said last.
"use client";
import { type ExecutionGroup, executionGroups } from "@sallyport/hub/automation/input";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { Execution, RunDetail } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Empty } from "../ui/page-states.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { ExecutionMark } from "./execution-mark.tsx";
import classes from "./run.module.css";

const pageSize = 100;

interface RunHostsProps {
  run: Pick<RunDetail, "id">;
  onOpen: (executionId: string) => void;
}

export function RunHosts({ run, onOpen }: RunHostsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [url] = useUrlState();
  const group: ExecutionGroup | undefined = oneOf(url.get("outcome"), executionGroups);
  const input = { id: run.id, ...(group === undefined ? {} : { group }), ...useSearch(), limit: pageSize };
  const query = useInfiniteQuery({
    // By place, where other lists have a cursor: see listExecutions.
    queryKey: [...trpc.runs.executions.queryKey(input), "pages"],
    initialPageParam: "0",
    queryFn: async ({ pageParam, signal }) => {
      const offset = Number(pageParam);
      const { items, total } = await client.runs.executions.query({ ...input, offset }, { signal });
      const next = offset + items.length;
      return { items, total, nextCursor: next < total && items.length > 0 ? String(next) : null };
    },
    ...nextPage,
  });
  const columns: Column<Execution>[] = [
    { key: "name", title: t("run.machine"), cell: ({ assetName }) => displayText(assetName, 60) },
    { key: "state", title: t("run.state"), cell: (execution) => <ExecutionMark execution={execution} /> },
    { key: "zone", title: t("run.zone"), cell: ({ zone }) => displayText(zone, 40), hideOn: "medium" },
    { key: "region", title: t("run.region"), cell: ({ region }) => displayText(region ?? "–", 40), hideOn: "medium" },
    { key: "agent", title: t("run.agent"), cell: ({ agentName }) => displayText(agentName ?? "–", 40), hideOn: "medium" },
    {
      key: "time",
      title: t("run.duration"),
      align: "right",
      cell: ({ startedAt, endedAt }) => (startedAt === null ? "–" : <RunningTime since={startedAt} until={endedAt} />),
      hideOn: "small",
    },
    {
      key: "line",
      title: t("run.lastLine"),
      cell: ({ lastLine }) => <span className={classes.lastLine}>{displayText(lastLine ?? "", 200)}</span>,
      hideOn: "small",
    },
  ];
  return (
    <List
      name={t("run.machines")}
      query={query}
      columns={columns}
      rowId={({ id }) => id}
      filters={[
        {
          key: "outcome",
          label: t("run.state"),
          options: executionGroups.map((value) => ({ value, label: t(`executionState.${value}`) })),
        },
      ]}
      empty={<Empty title={t("list.noMatch")} text={t("list.noMatchText")} />}
      onOpen={({ id }) => onOpen(id)}
    />
  );
}
