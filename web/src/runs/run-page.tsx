// One run: how far it is, every machine as a cell, and what each of them printed.
"use client";
import { Alert, Anchor, Button, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerStop, IconRepeat } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunDetail } from "../api/types.ts";
import { useMay, useMe } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { AskButton } from "../tickets/ask-button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Failed, Missing } from "../ui/page-states.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { showToast } from "../ui/toasts.tsx";
import { CompareOutputs } from "./compare-outputs.tsx";
import { firstGroup } from "./execution-group.ts";
import { ExecutionList } from "./execution-list.tsx";
import { ExecutionView } from "./execution-view.tsx";
import { HostMatrix } from "./host-matrix.tsx";
import classes from "./run.module.css";
import { RunHosts } from "./run-hosts.tsx";
import { RunMark } from "./run-mark.tsx";
import { RunProgress } from "./run-progress.tsx";
import { RunScript } from "./run-script.tsx";

const tabs = ["output", "machines", "compare", "script"] as const;

/** Hints say when a run changed; this covers the one that was lost. */
const refreshMs = 5_000;

/** As many as one request may name. */
const askedMax = 50;

export function RunPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const run = useQuery(
    trpc.runs.get.queryOptions(
      { id: id ?? "", executions: false },
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
  const trpc = useTRPC();
  const queries = useQueryClient();
  const me = useMe();
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "output";
  const mayRun = useMay("run.start");
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [place, setPlace] = useState<number | null>(null);
  const { id, counts } = run;
  const wanted = url.get("execution");
  const { data: cells } = useQuery(trpc.runs.cells.queryOptions({ id }, { enabled: counts.total > 1 }));
  const shown = useQuery(
    trpc.runs.executions.queryOptions(
      wanted === null ? { id, group: firstGroup(counts), limit: 1 } : { id, executionId: wanted, limit: 1 },
      { placeholderData: keepPreviousData },
    ),
  );
  const chosen = shown.data?.items[0];
  const mayEndOthers = useMay("sessions.end");
  const mayStop = mayEndOthers || (mayRun && run.createdBy.id === me.id);
  const choose = (executionId: string) => {
    setPlace(null);
    changeUrl({ execution: executionId });
  };
  const chooseAt = async (at: number) => {
    const { items } = await queries.fetchQuery(trpc.runs.executions.queryOptions({ id, offset: at, limit: 1 }));
    if (items[0] === undefined) return;
    changeUrl({ execution: items[0].id });
    setPlace(at);
  };
  const mark = (executionId: string, isMarked: boolean) =>
    setMarked((before) => new Set(isMarked ? [...before, executionId] : [...before].filter((other) => other !== executionId)));
  return (
    <Page
      fill
      title={displayText(run.title) || t("runs.untitled")}
      purpose={
        <Group gap="sm">
          <RunMark run={run} />
          <RunProgress counts={counts} wide />
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
      action={<RunActions run={run} mayStop={mayStop} marked={marked} />}
    >
      {(run.state === "paused" || run.state === "halted") && <WaitsForYou run={run} mayGoOn={mayStop} />}
      {run.refused.length > 0 && (
        <Alert color="orange" mb="sm" title={t("run.refused", { count: run.refused.length })}>
          <Anchor component="button" type="button" size="sm" onClick={() => changeUrl({ tab: "script" })}>
            {t("run.refusedShow")}
          </Anchor>
          <AskButton
            size="compact-sm"
            ml="md"
            wish={{
              assets: run.refused.map(({ assetId }) => assetId).slice(0, askedMax),
              ...(run.script === null ? { actions: ["run"] as const } : { script: run.script.id, version: run.script.version }),
            }}
          />
        </Alert>
      )}
      <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "output" ? null : value })} mb="sm">
        <Tabs.List>
          <Tabs.Tab value="output">{t("run.outputTab")}</Tabs.Tab>
          <Tabs.Tab value="machines">{t("run.machines")}</Tabs.Tab>
          {counts.total > 1 && <Tabs.Tab value="compare">{t("run.compareTab")}</Tabs.Tab>}
          <Tabs.Tab value="script">{t("run.scriptTab")}</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {tab === "script" && <RunScript run={run} />}
      {tab === "machines" && <RunHosts run={run} onOpen={(execution) => changeUrl({ execution, tab: null })} />}
      {tab === "compare" && <CompareOutputs run={run} />}
      {tab === "output" && (
        <>
          {counts.total > 1 && (
            <HostMatrix runId={id} cells={cells?.cells ?? ""} chosen={place} onChoose={(at) => void chooseAt(at)} />
          )}
          <div className={classes.columns} data-single={counts.total === 1 || undefined}>
            {counts.total > 1 && (
              <ExecutionList
                run={run}
                chosen={chosen?.id ?? null}
                onChoose={choose}
                marked={mayRun ? marked : null}
                onMark={mark}
              />
            )}
            {chosen === undefined ? (
              <p className={classes.logNote}>{shown.isPending ? t("list.loadingRows") : t("run.choose")}</p>
            ) : (
              <ExecutionView key={chosen.id} execution={chosen} files={run.files} mayStop={mayStop} />
            )}
          </div>
        </>
      )}
    </Page>
  );
}

/** The canaries are through, or too much has failed: somebody says how it goes on. */
function WaitsForYou({ run, mayGoOn }: { run: RunDetail; mayGoOn: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const goOn = useMutation(trpc.runs.goOn.mutationOptions({ onSuccess: () => showToast("done", t("run.wentOn")) }));
  const giveUp = useMutation(trpc.runs.stop.mutationOptions({ onSuccess: () => showToast("done", t("run.stopped")) }));
  const { held, failed, succeeded } = run.counts;
  return (
    <Alert
      color="orange"
      mb="sm"
      icon={<IconPlayerPause size={18} />}
      title={t(run.state === "paused" ? "run.pausedTitle" : "run.haltedTitle")}
    >
      <Group justify="space-between">
        <span>{t("run.waitsText", { succeeded, failed, held })}</span>
        {mayGoOn && (
          <Group gap="xs">
            <Button size="compact-sm" loading={goOn.isPending} onClick={() => goOn.mutate({ id: run.id })}>
              {t("run.goOn", { count: held })}
            </Button>
            <Button size="compact-sm" variant="default" loading={giveUp.isPending} onClick={() => giveUp.mutate({ id: run.id })}>
              {t("run.giveUp")}
            </Button>
          </Group>
        )}
      </Group>
    </Alert>
  );
}

interface RunActionsProps {
  run: RunDetail;
  mayStop: boolean;
  /** Executions chosen in the list. */
  marked: ReadonlySet<string>;
}

function RunActions({ run, mayStop, marked }: RunActionsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
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
  const again = useMutation(trpc.runs.again.mutationOptions({ onSuccess: ({ id }) => router.push(`/run?id=${id}`) }));
  const count = run.counts.queued + run.counts.running;
  return (
    <>
      {mayRun && marked.size > 0 && (
        <Button
          leftSection={<IconRepeat size={16} />}
          loading={again.isPending}
          onClick={() => again.mutate({ id: run.id, which: "chosen", executionIds: [...marked] })}
        >
          {t("run.againChosen", { count: marked.size })}
        </Button>
      )}
      {mayRun && marked.size === 0 && run.state === "finished" && run.counts.failed > 0 && (
        <Button
          leftSection={<IconRepeat size={16} />}
          loading={again.isPending}
          onClick={() => again.mutate({ id: run.id, which: "failed" })}
        >
          {t("run.againFailed", { count: run.counts.failed })}
        </Button>
      )}
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
