// What two machines printed: as what changed from one to the other, or beside each other.
"use client";
import { Group, Select, Skeleton } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence, failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { CodeView, SideBySide } from "../scripts/lazy-code.tsx";
import scripts from "../scripts/scripts.module.css";
import { displayText } from "../ui/display-text.ts";
import { Panel } from "../ui/panel.tsx";
import { useOutputText } from "./output-text.ts";
import classes from "./run.module.css";

/** Two texts of eighty letters beside each other need as much. */
const wideEnough = "(min-width: 1100px)";

interface DifferenceProps {
  /** Null: the second text alone. */
  before: string | null;
  after: string;
  beside?: boolean;
}

/** The second text, shown as what changed from the first when there is one. */
export function Difference({ before, after, beside = false }: DifferenceProps) {
  const { t } = useTranslation();
  const isWide = useMediaQuery(wideEnough);
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
      {beside && isWide && first.data !== undefined ? (
        <SideBySide before={first.data} after={second.data} labels={[t("compare.first"), t("compare.second")]} />
      ) : (
        <CodeView text={second.data} before={before === null ? undefined : first.data} label={t("compare.output")} />
      )}
    </div>
  );
}

export function TwoHosts({ runId }: { runId: string }) {
  const { t } = useTranslation();
  const [first, setFirst] = useState<string | null>(null);
  const [second, setSecond] = useState<string | null>(null);
  return (
    <Panel title={t("compare.twoHosts")} flush>
      <Group gap="xs" p="sm" grow>
        <HostSelect runId={runId} label={t("compare.first")} value={first} onChange={setFirst} />
        <HostSelect runId={runId} label={t("compare.second")} value={second} onChange={setSecond} />
      </Group>
      {first !== null && second !== null && <Difference before={first} after={second} beside />}
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
  const found = useQuery(
    trpc.runs.executions.queryOptions({ id: runId, search, limit: offeredMost }, { placeholderData: keepPreviousData }),
  );
  const names = new Map((found.data?.items ?? []).map(({ id, assetName }) => [id, displayText(assetName)]));
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
      nothingFoundMessage={failureOf(found) ?? t("list.noMatch")}
    />
  );
}
