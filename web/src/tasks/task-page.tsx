// One task: what it runs on what, when it is due, and what became of the times it was.
"use client";
import { Anchor, Group, Skeleton, Stack, Tabs, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { codeSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TaskDetail, TaskFire } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { RunsOf } from "../runs/runs-of.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failed, Missing } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { NextFires } from "./next-fires.tsx";
import { ResolvedTargets } from "./resolved-targets.tsx";
import { useScheduleText } from "./schedule-text.ts";
import { TaskActions } from "./task-actions.tsx";
import { FireMark, TaskMark } from "./task-mark.tsx";
import { TaskNotices } from "./task-notices.tsx";
import classes from "./tasks.module.css";
import { usePreview } from "./use-preview.ts";

const tabs = ["task", "fires", "runs"] as const;

export function TaskPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const task = useQuery(trpc.tasks.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  if (id === null) return <Missing />;
  if (task.data !== undefined) return <TaskOf key={id} task={task.data} />;
  if (task.isError) return <Failed error={task.error} onRetry={() => void task.refetch()} />;
  return (
    <Stack p="xl" aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="50vh" />
    </Stack>
  );
}

function TaskOf({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "task";
  return (
    <Page
      title={displayText(task.name)}
      purpose={
        <Group gap="sm">
          <TaskMark {...task} />
          <span>{displayText(task.description, 400)}</span>
        </Group>
      }
      action={<TaskActions task={task} />}
    >
      <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "task" ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="task">{t("tasks.task")}</Tabs.Tab>
          <Tabs.Tab value="fires">{t("tasks.fires")}</Tabs.Tab>
          <Tabs.Tab value="runs">{t("runs.title")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="task">
          <Overview task={task} />
        </Tabs.Panel>
        <Tabs.Panel value="fires">
          <Fires taskId={task.id} />
        </Tabs.Panel>
        <Tabs.Panel value="runs">
          <RunsOf taskId={task.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Overview({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const text = useScheduleText();
  const { script, schedule, targets, account, state } = task;
  const resolved = usePreview({ targets, account });
  const upcoming = usePreview(schedule === null || state === "paused" ? null : { schedule });
  const values = Object.entries(task.parameters);
  return (
    <div className={classes.columns}>
      <div className={classes.side}>
        <Panel title={t("schedule.title")}>
          <Stack gap="sm">
            <Text size="sm">{text(schedule)}</Text>
            {state === "paused" ? (
              <Text size="sm" c="dimmed">
                {t("tasks.pausedHint")}
              </Text>
            ) : (
              <NextFires fires={upcoming.data?.fires ?? []} />
            )}
          </Stack>
        </Panel>
        <Panel title={t("tasks.targets")}>
          <ResolvedTargets preview={resolved.data} error={resolved.error} />
        </Panel>
        <TaskNotices task={task} />
        <Panel title={t("parameters.title")}>
          {values.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t("tasks.defaults")}
            </Text>
          ) : (
            <Facts
              items={values.map(([name, value]) => [
                displayText(name),
                displayText(Array.isArray(value) ? value.join(", ") : String(value), 500),
              ])}
            />
          )}
        </Panel>
        {task.files.length > 0 && (
          <Panel title={t("runFiles.title")}>
            <TaskFiles files={task.files} />
          </Panel>
        )}
        {task.artefacts.length > 0 && (
          <Panel title={t("artefacts.toCollect")}>
            {task.artefacts.map((path) => (
              <div key={path} className="mono">
                {displayText(path, 1_024)}
              </div>
            ))}
          </Panel>
        )}
      </div>
      <Panel title={t("run.details")}>
        <Facts
          items={[
            ["ID", <ShortId key="id" id={task.id} />],
            [
              t("scripts.script"),
              <Anchor key="script" component={Link} size="sm" href={`/script?id=${script.id}`}>
                {displayText(script.name)}
              </Anchor>,
            ],
            [
              t("scripts.version"),
              script.version === null
                ? t("scripts.newest", { n: script.latest })
                : t("tasks.pinned", { n: script.version, latest: script.latest }),
            ],
            [t("scripts.owner"), displayText(task.owner.name)],
            [t("limits.account"), account === "@agent" ? "–" : displayText(account)],
            [t("newRun.timeLimit"), duration(task.timeoutSeconds * 1_000)],
            [t("limits.expiry"), duration(task.expirySeconds * 1_000)],
            [t("tasks.misfire"), t(`misfire.${task.misfire}`)],
            [t("tasks.overlap"), t(`overlap.${task.overlap}`)],
            [t("runs.created"), <Moment key="created" at={task.createdAt} />],
            [t("scripts.changed"), <Moment key="changed" at={task.updatedAt} />],
          ]}
        />
      </Panel>
    </div>
  );
}

function Fires({ taskId }: { taskId: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const { moment } = useLocale();
  const query = useInfiniteQuery(
    trpc.tasks.fires.infiniteQueryOptions(
      { id: taskId },
      {
        getNextPageParam: ({ nextCursor }) => nextCursor,
        // The hub does not count them: a task by the minute has a million after two years.
        select: (data) => ({
          ...data,
          pages: data.pages.map((page) => ({ ...page, total: data.pages.reduce((sum, { items }) => sum + items.length, 0) })),
        }),
      },
    ),
  );
  const why = ({ outcome, reason, more }: TaskFire): string => {
    if (outcome === "started") return "–";
    const text =
      reason === "overlap"
        ? t(outcome === "queued" ? "fireReason.queued" : "fireReason.overlap")
        : reason === "missed" || reason === "paused"
          ? t(`fireReason.${reason}`)
          : codeSentence(reason);
    return more > 0 ? `${text} ${t("fireReason.more", { count: more })}` : text;
  };
  const columns: Column<TaskFire>[] = [
    { key: "due", title: t("tasks.due"), cell: ({ dueAt }) => <span className="tabular">{moment(dueAt)}</span> },
    { key: "outcome", title: t("tasks.outcome"), cell: (fire) => <FireMark {...fire} /> },
    { key: "why", title: t("tasks.why"), cell: why, hideOn: "small" },
    { key: "decided", title: t("tasks.decided"), cell: ({ decidedAt }) => <Moment at={decidedAt} />, hideOn: "small" },
  ];
  return (
    <List
      name={t("tasks.fires")}
      query={query}
      columns={columns}
      rowId={(fire) => fire.id}
      searchable={false}
      empty={<Empty title={t("tasks.noFires")} text={t("tasks.noFiresText")} />}
      onOpen={({ runId }) => runId !== null && router.push(`/run?id=${runId}`)}
    />
  );
}

function TaskFiles({ files }: Pick<TaskDetail, "files">) {
  return (
    <Facts
      items={files.map(({ fileId, path, mode, owner, group }) => [
        displayText(path, 200),
        <span key={path}>
          <FileName id={fileId} />
          {[mode, displayText(owner), displayText(group)].filter(Boolean).map((part) => ` · ${part}`)}
        </span>,
      ])}
    />
  );
}

/** By its id for who may not see it. */
function FileName({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.files.get.queryOptions({ id }));
  return displayText(data?.name ?? id);
}
