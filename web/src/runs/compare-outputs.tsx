// The hosts of a run by what they printed and how they ended: how many alike, which differ and in which lines, and any two beside each other.
"use client";
import { Chip, Group, Skeleton, Switch, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunDetail } from "../api/types.ts";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { Difference, TwoHosts } from "./compare-texts.tsx";
import { DifferingLines } from "./differing-lines.tsx";
import { ExecutionMark } from "./execution-mark.tsx";
import { GroupMembers } from "./group-members.tsx";
import { GroupButton } from "./output-group.tsx";
import classes from "./run.module.css";

/** As many as the hub finds. */
const shownLines = 20;

export function CompareOutputs({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const [url, changeUrl] = useUrlState();
  const ignoreNumbers = url.get("numbers") === "ignored";
  const endLike = url.get("end");
  const compared = useQuery(
    trpc.runs.compare.queryOptions(
      { id: run.id, ignoreNumbers, ...(endLike === null ? {} : { endLike }) },
      { placeholderData: keepPreviousData },
    ),
  );
  if (compared.isError) return <Failed error={compared.error} onRetry={() => void compared.refetch()} />;
  if (compared.data === undefined) return <Skeleton height="40vh" />;
  const { groups, groupCount, total, ends } = compared.data;
  const [most] = groups;
  if (most === undefined) return <Empty title={t("compare.none")} text={t("compare.noneText")} />;
  const chosen = groups.find(({ executionId }) => executionId === url.get("group")) ?? groups[1] ?? most;
  const isMost = chosen === most;
  const areComparable = !isMost && chosen.digest !== null && most.digest !== null;
  return (
    <div className={classes.compare}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {groupCount === 1
            ? t(ignoreNumbers ? "compare.allAlikeButValues" : "compare.allAlike", { shown: count(total), count: total })
            : most.count === 1
              ? t("compare.allDiffer", { shown: count(total) })
              : t("compare.summary", { alike: count(most.count), differ: count(total - most.count), groups: count(groupCount) })}
        </Text>
        <Switch
          size="xs"
          label={t("compare.ignoreNumbers")}
          checked={ignoreNumbers}
          onChange={(event) => changeUrl({ numbers: event.currentTarget.checked ? "ignored" : null, group: null })}
        />
      </Group>
      {ends.length > 1 && (
        <Chip.Group value={endLike ?? ""} onChange={(value) => changeUrl({ end: value || null, group: null })}>
          <Group gap={6} role="group" aria-label={t("compare.ends")}>
            <Chip size="xs" value="">
              {t("compare.anyEnd", { shown: count(ends.reduce((sum, end) => sum + end.count, 0)) })}
            </Chip>
            {ends.map((end) => (
              <Chip key={end.executionId} size="xs" value={end.executionId}>
                <span className={classes.end}>
                  <ExecutionMark execution={{ state: "finished", ...end }} />
                  <span className="tabular">{count(end.count)}</span>
                </span>
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
      <div className={classes.columns} data-wide>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <section className={classes.executions} tabIndex={0} aria-label={t("compare.groups")}>
          {groups.map((group) => (
            <GroupButton
              key={group.executionId}
              group={group}
              most={group === most || most.digest === null ? null : most}
              ignoreNumbers={ignoreNumbers}
              pressed={group === chosen}
              onChoose={() => changeUrl({ group: group.executionId })}
            />
          ))}
          {groupCount > groups.length && (
            <p className={classes.logNote}>{t("compare.moreGroups", { shown: count(groupCount - groups.length) })}</p>
          )}
        </section>
        <div className={classes.compared}>
          {ignoreNumbers && areComparable && (
            <Panel title={t("compare.differingLines")}>
              <DifferingLines
                executionId={chosen.executionId}
                from={most.executionId}
                ignoreNumbers={ignoreNumbers}
                shown={shownLines}
              />
            </Panel>
          )}
          <Panel
            title={
              areComparable
                ? t("compare.differs", { name: displayText(chosen.assetName), most: displayText(most.assetName) })
                : t("compare.printed", { name: displayText(chosen.assetName) })
            }
            flush
          >
            <Difference before={areComparable ? most.executionId : null} after={chosen.executionId} />
          </Panel>
          <GroupMembers runId={run.id} group={chosen} ignoreNumbers={ignoreNumbers} />
          <TwoHosts runId={run.id} />
        </div>
      </div>
    </div>
  );
}
