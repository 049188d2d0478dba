// One run: how far it is, every machine as a cell, and what each of them printed.
"use client";
import { Button, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { IconPlayerStop, IconRepeat } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunDetail } from "../api/types.ts";
import { useMay, useMe } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Failed, Missing } from "../ui/page-states.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { showToast } from "../ui/toasts.tsx";
import { executionGroups, groupOf } from "./execution-group.ts";
import { ExecutionList } from "./execution-list.tsx";
import { ExecutionView } from "./execution-view.tsx";
import { HostMatrix } from "./host-matrix.tsx";
import classes from "./run.module.css";
import { RunMark } from "./run-mark.tsx";
import { RunProgress } from "./run-progress.tsx";
import { RunScript } from "./run-script.tsx";

/** Hints say when a run changed; this covers the one that was lost. */
const refreshMs = 5_000;

export function RunPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const run = useQuery(
    trpc.runs.get.queryOptions(
      { id: id ?? "" },
      { enabled: id !== null, refetchInterval: ({ state }) => (state.data?.state === "finished" ? false : refreshMs) },
    ),
  );
  if (id === null) return <Missing />;
  if (run.data !== undefined) return <Run key={id} run={run.data} />;
  if (run.isError) return <Failed error={run.error} onRetry={() => void run.refetch()} />;
  return (
    <div className={classes.skeleton} aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height={60} />
      <Skeleton height="50vh" />
    </div>
  );
}

function Run({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const me = useMe();
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), ["script"]) ?? "output";
  const { executions } = run;
  const chosen = executions.find(({ id }) => id === url.get("execution")) ?? firstWorthSeeing(run);
  const mayEndOthers = useMay("sessions.end");
  const mayStop = mayEndOthers || run.createdBy.id === me.id;
  const choose = (id: string) => changeUrl({ execution: id });
  return (
    <Page
      fill
      title={displayText(run.title) || t("runs.untitled")}
      purpose={
        <Group gap="sm">
          <RunMark run={run} />
          <RunProgress counts={run.counts} wide />
          <span>
            {displayText(run.createdBy.name)} · <Moment at={run.createdAt} />
            {run.startedAt !== null && (
              <>
                {" · "}
                <RunningTime since={run.startedAt} until={run.endedAt} />
              </>
            )}
          </span>
        </Group>
      }
      action={<RunActions run={run} mayStop={mayStop} />}
    >
      <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "script" ? value : null })} mb="sm">
        <Tabs.List>
          <Tabs.Tab value="output">{t("run.outputTab")}</Tabs.Tab>
          <Tabs.Tab value="script">{t("run.scriptTab")}</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {tab === "script" ? (
        <RunScript run={run} />
      ) : (
        <>
          {executions.length > 1 && <HostMatrix executions={executions} chosen={chosen?.id ?? null} onChoose={choose} />}
          <div className={classes.columns} data-single={executions.length === 1 || undefined}>
            {executions.length > 1 && <ExecutionList executions={executions} chosen={chosen?.id ?? null} onChoose={choose} />}
            {chosen === undefined ? (
              <p className={classes.logNote}>{t("run.choose")}</p>
            ) : (
              <ExecutionView key={chosen.id} execution={chosen} mayStop={mayStop} />
            )}
          </div>
        </>
      )}
    </Page>
  );
}

function firstWorthSeeing({ executions }: RunDetail) {
  const byGroup = Map.groupBy(executions, groupOf);
  return executionGroups.map((group) => byGroup.get(group)?.[0]).find((execution) => execution !== undefined);
}

function RunActions({ run, mayStop }: { run: RunDetail; mayStop: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [asking, setAsking] = useState(false);
  const mayRun = useMay("run.start");
  const stop = useMutation(
    trpc.runs.stop.mutationOptions({
      onSuccess: () => {
        showToast("done", t("run.stopped"));
        setAsking(false);
      },
    }),
  );
  const count = run.counts.queued + run.counts.running;
  return (
    <>
      {mayRun && run.state === "finished" && (
        <Button variant="default" component={Link} href={`/runs/new?again=${run.id}`} leftSection={<IconRepeat size={16} />}>
          {t("run.again")}
        </Button>
      )}
      {mayStop && run.state !== "finished" && (
        <Button
          variant="light"
          color="red"
          leftSection={<IconPlayerStop size={16} />}
          disabled={run.state === "stopping"}
          onClick={() => setAsking(true)}
        >
          {t("run.stop")}
        </Button>
      )}
      <Confirm
        opened={asking}
        title={t("run.stopTitle")}
        action={t("run.stop")}
        pending={stop.isPending}
        onConfirm={() => stop.mutate({ id: run.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("run.stopText", { count })}</Text>
      </Confirm>
    </>
  );
}
