// One execution: its state in words, and what it printed, stdout and stderr apart.
"use client";
import { Button, Checkbox, SegmentedControl, TextInput } from "@mantine/core";
import { IconPlayerStop, IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Execution, RunDetail } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { RunningTime } from "../ui/running-time.tsx";
import { groupOf } from "./execution-group.ts";
import { ExecutionMark } from "./execution-mark.tsx";
import { LogView } from "./log-view.tsx";
import classes from "./run.module.css";
import { CollectedFiles } from "./run-artefacts.tsx";
import { PlacedFiles } from "./run-files.tsx";

const streams = ["stdout", "stderr"] as const;

interface ExecutionViewProps {
  execution: Execution;
  /** The run's. */
  files: RunDetail["files"];
  mayStop: boolean;
}

export function ExecutionView({ execution, files, mayStop }: ExecutionViewProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const stop = useMutation(trpc.runs.stopExecution.mutationOptions());
  const [stream, setStream] = useState<"stdout" | "stderr" | "both">("both");
  const [wrap, setWrap] = useState(false);
  const [search, setSearch] = useState("");
  const group = groupOf(execution);
  const running = execution.state !== "finished";
  const [follow, setFollow] = useState(running);
  const shown = stream === "both" ? streams : [stream];
  return (
    <div className={classes.output}>
      <div className={classes.outputHead}>
        <strong className="truncate">{displayText(execution.assetName)}</strong>
        <ExecutionMark execution={execution} />
        {execution.startedAt !== null && (
          <span className={classes.muted}>
            <RunningTime since={execution.startedAt} until={execution.endedAt} />
          </span>
        )}
        {mayStop && running && (
          <Button
            size="compact-xs"
            variant="light"
            color="red"
            leftSection={<IconPlayerStop size={14} />}
            loading={stop.isPending}
            onClick={() => stop.mutate({ id: execution.id })}
          >
            {t("run.stopOne")}
          </Button>
        )}
      </div>
      <p className={classes.place}>
        {[
          t("run.inZone", { zone: displayText(execution.zone) }),
          execution.region === null ? "" : t("run.inRegion", { region: displayText(execution.region) }),
          execution.agentName === null ? "" : t("run.byAgent", { agent: displayText(execution.agentName) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {group === "waiting" && execution.waiting !== null && (
        <p className={classes.logNote}>{t(`waiting.${execution.waiting}`)}</p>
      )}
      {execution.message !== null && execution.message !== "" && (
        <p className={classes.logNote}>{displayText(execution.message)}</p>
      )}
      {files.length > 0 && <PlacedFiles files={files} execution={execution} />}
      <CollectedFiles execution={execution} />
      {execution.truncated && <p className={classes.logNote}>{t("run.truncated")}</p>}
      <div className={classes.outputTools}>
        <SegmentedControl
          size="xs"
          value={stream}
          aria-label={t("run.stream")}
          onChange={(value) => setStream(oneOf<"stdout" | "stderr">(value, streams) ?? "both")}
          data={[
            { value: "both", label: t("run.both") },
            { value: "stdout", label: t("run.stdout") },
            { value: "stderr", label: t("run.stderr") },
          ]}
        />
        <TextInput
          size="xs"
          type="search"
          leftSection={<IconSearch size={14} />}
          placeholder={t("run.searchLog")}
          aria-label={t("run.searchLog")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Checkbox size="xs" label={t("run.wrap")} checked={wrap} onChange={(event) => setWrap(event.currentTarget.checked)} />
        <Checkbox
          size="xs"
          label={t("run.follow")}
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
      </div>
      <div className={classes.logs}>
        {shown.map((name) => (
          <LogView
            key={name}
            executionId={execution.id}
            assetName={execution.assetName}
            stream={name}
            running={running}
            options={{ wrap, follow, search: search.trim() }}
            onFollow={setFollow}
          />
        ))}
      </div>
    </div>
  );
}
