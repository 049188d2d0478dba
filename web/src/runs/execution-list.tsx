// The executions of a run, grouped by outcome, failures first; virtual, so that their number does not matter.
"use client";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Execution } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { type ExecutionGroup, executionGroups, groupOf } from "./execution-group.ts";
import { ExecutionMark, GroupMark } from "./execution-mark.tsx";
import classes from "./run.module.css";
import { VirtualRows } from "./virtual-rows.tsx";

const rowHeight = 34;

type Row = { kind: "group"; group: ExecutionGroup; count: number } | { kind: "execution"; execution: Execution };

interface ExecutionListProps {
  executions: readonly Execution[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

export function ExecutionList({ executions, chosen, onChoose }: ExecutionListProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const byGroup = Map.groupBy(executions, groupOf);
    return executionGroups.flatMap((group): Row[] => {
      const members = byGroup.get(group) ?? [];
      if (members.length === 0) return [];
      return [
        { kind: "group", group, count: members.length },
        ...members.map((execution): Row => ({ kind: "execution", execution })),
      ];
    });
  }, [executions]);
  return (
    <div ref={box} className={classes.executions}>
      <VirtualRows scroller={box} count={rows.length} rowHeight={rowHeight} fit>
        {(index) => {
          const row = rows[index];
          if (row === undefined) return null;
          if (row.kind === "group") {
            return (
              <div key={row.group} className={classes.group}>
                <GroupMark group={row.group}>{`${t(`executionState.${row.group}`)} · ${count(row.count)}`}</GroupMark>
              </div>
            );
          }
          const { execution } = row;
          return (
            <button
              key={execution.id}
              type="button"
              className={classes.execution}
              aria-pressed={execution.id === chosen}
              onClick={() => onChoose(execution.id)}
            >
              <span className={`${classes.executionName} truncate`}>{displayText(execution.assetName)}</span>
              {groupOf(execution) === "failed" && (
                <span className={`${classes.executionReason} truncate`}>
                  <ExecutionMark execution={execution} />
                </span>
              )}
            </button>
          );
        }}
      </VirtualRows>
    </div>
  );
}
