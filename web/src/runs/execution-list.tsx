// The executions of a run, grouped by outcome, failures first: asked for a page at a time as they come into view.
"use client";
import { Checkbox, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type ExecutionGroup, executionGroups } from "@sallyport/hub/automation/input";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { countIn, groupOf } from "./execution-group.ts";
import { ExecutionMark, GroupMark } from "./execution-mark.tsx";
import classes from "./run.module.css";
import { VirtualRows } from "./virtual-rows.tsx";

const rowHeight = 34;
/** A screen holds some thirty rows; a page is three of them. */
const pageSize = 100;

/** A group's head, or an execution by its place in its group, or among those that were searched for. */
type Row = { group: ExecutionGroup; place?: undefined } | { group?: ExecutionGroup; place: number };

interface ExecutionListProps {
  run: Pick<RunDetail, "id" | "counts">;
  chosen: string | null;
  onChoose: (id: string) => void;
  /** Those to run again on; null where that is not offered. */
  marked: ReadonlySet<string> | null;
  onMark: (id: string, marked: boolean) => void;
}

export function ExecutionList({ run, chosen, onChoose, marked, onMark }: ExecutionListProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const box = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim(), 200);
  const found = useQuery(
    trpc.runs.executions.queryOptions(
      { id: run.id, search, limit: pageSize },
      { enabled: search !== "", placeholderData: keepPreviousData },
    ),
  );
  const shown = executionGroups.filter((group) => countIn(run.counts, group) > 0);
  const rowCount = search === "" ? shown.length + run.counts.total : (found.data?.total ?? 0);
  /** Which row stands there. */
  const rowAt = (index: number): Row | null => {
    let first = 0;
    for (const group of shown) {
      const members = countIn(run.counts, group);
      if (index <= first + members) return index === first ? { group } : { group, place: index - first - 1 };
      first += members + 1;
    }
    return null;
  };
  return (
    <div className={classes.executionColumn}>
      <TextInput
        className={classes.executionSearch}
        size="xs"
        type="search"
        leftSection={<IconSearch size={14} />}
        placeholder={t("run.searchHosts")}
        aria-label={t("run.searchHosts")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div ref={box} className={classes.executions}>
        {search !== "" && found.data?.total === 0 && <p className={classes.logNote}>{t("list.noMatch")}</p>}
        <VirtualRows scroller={box} count={rowCount} rowHeight={rowHeight} fit>
          {(index) => {
            const row: Row | null = search === "" ? rowAt(index) : { place: index };
            if (row === null) return null;
            if (row.place === undefined)
              return (
                <div key={row.group} className={classes.group}>
                  <GroupMark group={row.group}>
                    {`${t(`executionState.${row.group}`)} · ${count(countIn(run.counts, row.group))}`}
                  </GroupMark>
                </div>
              );
            return (
              <ExecutionRow
                key={`${row.group}/${row.place}`}
                runId={run.id}
                group={row.group}
                search={search}
                place={row.place}
                chosen={chosen}
                onChoose={onChoose}
                marked={marked}
                onMark={onMark}
              />
            );
          }}
        </VirtualRows>
      </div>
    </div>
  );
}

interface ExecutionRowProps extends Omit<ExecutionListProps, "run"> {
  runId: string;
  group: ExecutionGroup | undefined;
  search: string;
  place: number;
}

function ExecutionRow({ runId, group, search, place, chosen, onChoose, marked, onMark }: ExecutionRowProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const page = Math.floor(place / pageSize);
  // The rows of one page share one question.
  const { data } = useQuery(
    trpc.runs.executions.queryOptions(
      { id: runId, group, ...(search === "" ? {} : { search }), offset: page * pageSize, limit: pageSize },
      { placeholderData: keepPreviousData },
    ),
  );
  const execution = data?.items[place % pageSize];
  if (execution === undefined) return <div className={classes.execution} aria-hidden />;
  const name = displayText(execution.assetName);
  return (
    <div className={classes.execution} data-chosen={execution.id === chosen || undefined}>
      {marked !== null && execution.state === "finished" && (
        <Checkbox
          size="xs"
          aria-label={t("run.mark", { name })}
          checked={marked.has(execution.id)}
          onChange={(event) => onMark(execution.id, event.currentTarget.checked)}
        />
      )}
      <button
        type="button"
        className={classes.executionButton}
        aria-pressed={execution.id === chosen}
        onClick={() => onChoose(execution.id)}
      >
        <span className={`${classes.executionName} truncate`}>{name}</span>
        {(groupOf(execution) === "failed" || group === undefined) && (
          <span className={`${classes.executionReason} truncate`}>
            <ExecutionMark execution={execution} />
          </span>
        )}
      </button>
    </div>
  );
}
