// The hosts of a run by what they printed: how many alike, which differ and in which lines, and any two beside each other.
"use client";
import { Button, Group, Select, Skeleton, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconTerminal2 } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Execution, Outputs, RunDetail } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { CodeView } from "../scripts/lazy-code.tsx";
import scripts from "../scripts/scripts.module.css";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { ExecutionMark } from "./execution-mark.tsx";
import { useOutputText } from "./output-text.ts";
import classes from "./run.module.css";

type OutputGroup = Outputs["runs"]["compare"]["groups"][number];

export function CompareOutputs({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const [chosenId, setChosenId] = useState<string | null>(null);
  const compared = useQuery(trpc.runs.compare.queryOptions({ id: run.id }));
  if (compared.isError) return <Failed error={compared.error} onRetry={() => void compared.refetch()} />;
  if (compared.data === undefined) return <Skeleton height="40vh" />;
  const { groups, groupCount, total } = compared.data;
  const [most] = groups;
  if (most === undefined) return <Empty title={t("compare.none")} text={t("compare.noneText")} />;
  const chosen = groups.find(({ executionId }) => executionId === chosenId) ?? groups[1] ?? most;
  return (
    <div className={classes.compare}>
      <Text size="sm" fw={500}>
        {groupCount === 1
          ? t("compare.allAlike", { shown: count(total), count: total })
          : t("compare.summary", { alike: count(most.count), differ: count(total - most.count), groups: count(groupCount) })}
      </Text>
      <div className={classes.columns}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <section className={classes.executions} tabIndex={0} aria-label={t("compare.groups")}>
          {groups.map((group) => (
            <GroupButton
              key={group.executionId}
              group={group}
              pressed={group === chosen}
              onChoose={() => setChosenId(group.executionId)}
            />
          ))}
          {groupCount > groups.length && (
            <p className={classes.logNote}>{t("compare.moreGroups", { shown: count(groupCount - groups.length) })}</p>
          )}
        </section>
        <div className={classes.compared}>
          <Panel
            title={
              chosen === most
                ? t("compare.printed", { name: displayText(chosen.assetName) })
                : t("compare.differs", { name: displayText(chosen.assetName), most: displayText(most.assetName) })
            }
            flush
          >
            <Difference before={chosen === most ? null : most.executionId} after={chosen.executionId} />
          </Panel>
          <Members runId={run.id} group={chosen} />
          <TwoHosts runId={run.id} />
        </div>
      </div>
    </div>
  );
}

interface GroupButtonProps {
  group: OutputGroup;
  pressed: boolean;
  onChoose: () => void;
}

function GroupButton({ group, pressed, onChoose }: GroupButtonProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  return (
    <div className={classes.outputGroup} data-chosen={pressed || undefined}>
      <button type="button" className={classes.executionButton} aria-pressed={pressed} onClick={onChoose}>
        <span className="truncate">
          <b className="tabular">{count(group.count)}</b>{" "}
          {group.count === 1 ? displayText(group.assetName) : t("compare.like", { name: displayText(group.assetName) })}
        </span>
        <span className={classes.executionReason}>
          <ExecutionMark execution={{ state: "finished", reason: group.reason, exitCode: group.exitCode, signal: null }} />
        </span>
      </button>
    </div>
  );
}

/** The second text, shown as what changed from the first when there is one. */
function Difference({ before, after }: { before: string | null; after: string }) {
  const { t } = useTranslation();
  const first = useOutputText(before);
  const second = useOutputText(after);
  const failed = first.error ?? second.error;
  if (failed !== null)
    return (
      <p className={classes.logNote} role="alert">
        {errorSentence(failed)}
      </p>
    );
  if (second.data === undefined || (before !== null && first.data === undefined)) return <Skeleton height={120} />;
  if (second.data === "" && (before === null || first.data === "")) return <p className={classes.logNote}>{t("run.noOutput")}</p>;
  if (before !== null && first.data === second.data) return <p className={classes.logNote}>{t("compare.sameText")}</p>;
  return (
    <div className={scripts.editor}>
      <CodeView text={second.data} before={before === null ? undefined : first.data} label={t("compare.output")} />
    </div>
  );
}

function Members({ runId, group }: { runId: string; group: OutputGroup }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const members = useQuery(
    trpc.runs.executions.queryOptions({ id: runId, sameAs: group.executionId }, { placeholderData: keepPreviousData }),
  );
  const items = members.data?.items ?? [];
  return (
    <Panel title={t("compare.members", { count: group.count, shown: count(group.count) })}>
      <Group gap={6}>
        {items.map((execution) => (
          <TerminalButton key={execution.id} execution={execution} />
        ))}
        {group.count > items.length && (
          <Text size="sm" c="dimmed">
            {t("targets.more", { more: count(group.count - items.length) })}
          </Text>
        )}
      </Group>
    </Panel>
  );
}

function TerminalButton({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const mayOpen = useMay("terminal.open");
  const name = displayText(execution.assetName, 60);
  if (!mayOpen) return <span>{name}</span>;
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconTerminal2 size={14} />}
      aria-label={t("compare.openTerminal", { name })}
      onClick={() => dock.open(execution.assetId, execution.assetName)}
    >
      {name}
    </Button>
  );
}

function TwoHosts({ runId }: { runId: string }) {
  const { t } = useTranslation();
  const [first, setFirst] = useState<string | null>(null);
  const [second, setSecond] = useState<string | null>(null);
  return (
    <Panel title={t("compare.twoHosts")} flush>
      <Group gap="xs" p="sm">
        <HostSelect runId={runId} label={t("compare.first")} value={first} onChange={setFirst} />
        <HostSelect runId={runId} label={t("compare.second")} value={second} onChange={setSecond} />
      </Group>
      {first !== null && second !== null && <Difference before={first} after={second} />}
    </Panel>
  );
}

interface HostSelectProps {
  runId: string;
  label: string;
  value: string | null;
  onChange: (executionId: string | null) => void;
}

const offeredMost = 50;

function HostSelect({ runId, label, value, onChange }: HostSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const [name, setName] = useState("");
  const { data } = useQuery(
    trpc.runs.executions.queryOptions({ id: runId, search, limit: offeredMost }, { placeholderData: keepPreviousData }),
  );
  const names = new Map((data?.items ?? []).map(({ id, assetName }) => [id, displayText(assetName)]));
  if (value !== null) names.set(value, name);
  return (
    <Select
      size="xs"
      aria-label={label}
      placeholder={label}
      data={[...names].map(([id, shown]) => ({ value: id, label: shown }))}
      value={value}
      onChange={(id) => {
        setName(names.get(id ?? "") ?? "");
        onChange(id);
      }}
      searchable
      onSearchChange={setText}
      // The chosen one stands in the field as a search too, so the hub's answer is taken as it is.
      filter={({ options }) => options}
      nothingFoundMessage={t("list.noMatch")}
    />
  );
}
