// Writing a task: what runs, on what, when, and what becomes of a time that was missed or comes too soon.
"use client";
import { Alert, Button, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import type { Route } from "@sallyport/hub/notify/input";
import { createTask, type Misfire, misfires, type Overlap, overlaps, type Targets } from "@sallyport/hub/tasks/input";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { TaskDetail } from "../api/types.ts";
import { Allowed, useMe } from "../frame/me.tsx";
import { defaultLimits, type LimitsDraft, limitsDraftOf, limitsOf } from "../runs/limits-draft.ts";
import { artefactsIn, RunArtefacts } from "../runs/run-artefacts.tsx";
import { RunFiles } from "../runs/run-files.tsx";
import { type FileDraft, filesDraftOf, filesOf } from "../runs/run-files-draft.ts";
import { RunLimits, rollingIsRight } from "../runs/run-limits.tsx";
import { type Kept, KeptScript } from "../scripts/kept-script.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { useUnsavedGuard } from "../state/use-unsaved-guard.ts";
import { displayText } from "../ui/display-text.ts";
import { forEdit, OpenForEdit } from "../ui/open-for-edit.tsx";
import { Page } from "../ui/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { ResolvedTargets } from "./resolved-targets.tsx";
import { type ScheduleDraft, scheduleDraftOf, scheduleOf } from "./schedule-draft.ts";
import { ScheduleFields } from "./schedule-fields.tsx";
import { namesNothing, TargetsFields } from "./targets-fields.tsx";
import classes from "./tasks.module.css";
import { ToldChannels } from "./told-channels.tsx";
import { usePreview } from "./use-preview.ts";

export function EditTaskPage() {
  return (
    <Allowed permission="run.start">
      <FromAddress />
    </Allowed>
  );
}

function FromAddress() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const task = useQuery(trpc.tasks.get.queryOptions({ id: id ?? "" }, { enabled: id !== null, ...forEdit }));
  return (
    <OpenForEdit id={id} query={task}>
      {(opened) => <EditTask task={opened} scriptId={opened === null ? url.get("script") : null} />}
    </OpenForEdit>
  );
}

interface Draft {
  name: string;
  description: string;
  kept: Kept;
  files: readonly FileDraft[];
  /** A path a line. */
  artefacts: string;
  targets: Targets;
  schedule: ScheduleDraft;
  limits: LimitsDraft;
  misfire: Misfire;
  overlap: Overlap;
  notices: readonly Route[];
}

function draftFrom(task: TaskDetail | null, scriptId: string | null): Draft {
  if (task === null)
    return {
      name: "",
      description: "",
      kept: { scriptId, version: null, parameters: {} },
      files: [],
      artefacts: "",
      targets: { assetIds: [], nodeIds: [], labels: [], setIds: [] },
      schedule: { ...scheduleDraftOf(null), kind: "cron" },
      limits: defaultLimits,
      misfire: "fire_once_now",
      overlap: "skip",
      notices: [],
    };
  const { name, description, script, parameters, files, artefacts, targets, schedule, misfire, overlap, notices } = task;
  return {
    name,
    description,
    kept: { scriptId: script.id, version: script.version, parameters },
    files: filesDraftOf(files),
    artefacts: artefacts.join("\n"),
    targets,
    schedule: scheduleDraftOf(schedule),
    limits: limitsDraftOf(task),
    misfire,
    overlap,
    notices: notices.map(({ channelId, kinds }) => ({ channelId, kinds })),
  };
}

function EditTask({ task, scriptId }: { task: TaskDetail | null; scriptId: string | null }) {
  const { t } = useTranslation();
  const client = useTRPCClient();
  const router = useRouter();
  const me = useMe();
  const [start] = useState(() => draftFrom(task, scriptId));
  const [draft, setDraft] = useState(start);
  const [tried, setTried] = useState(false);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const { kept, targets, schedule, limits } = draft;
  const parsed = createTask.safeParse({
    name: draft.name,
    description: draft.description,
    scriptId: kept.scriptId ?? undefined,
    scriptVersion: kept.version,
    parameters: kept.parameters,
    files: filesOf(draft.files),
    artefacts: artefactsIn(draft.artefacts),
    targets,
    schedule: scheduleOf(schedule),
    ...limitsOf(limits),
    misfire: draft.misfire,
    overlap: draft.overlap,
    notices: draft.notices,
  });
  const wrong = (field: string) => tried && !parsed.success && parsed.error.issues.some(({ path }) => path[0] === field);
  const nothing = namesNothing(targets);
  const preview = usePreview(nothing ? null : { targets, account: limitsOf(limits).account });
  const nodePaths = new Map((preview.data?.nodes ?? []).map(({ id, path }) => [id, path]));
  const save = useMutation({
    meta: { showsError: true },
    mutationFn: async () => {
      if (!parsed.success) throw new Error("only what is right is sent");
      if (task === null) return (await client.tasks.create.mutate(parsed.data)).id;
      await client.tasks.change.mutate({ id: task.id, ...parsed.data });
      return task.id;
    },
    onSuccess: (id) => router.push(`/task?id=${id}`),
  });
  useUnsavedGuard(JSON.stringify(draft) !== JSON.stringify(start) && !save.isSuccess);

  return (
    <Page
      title={task === null ? t("tasks.new") : t("scripts.editTitle", { name: displayText(task.name) })}
      purpose={task !== null && task.owner.id !== me.id ? t("tasks.becomesYours") : t("tasks.editPurpose")}
      action={
        <>
          <Button variant="default" component={Link} href={task === null ? "/tasks" : `/task?id=${task.id}`}>
            {t("action.cancel")}
          </Button>
          <Button
            leftSection={<IconDeviceFloppy size={16} />}
            loading={save.isPending}
            onClick={() => {
              setTried(true);
              if (parsed.success && !nothing && rollingIsRight(limits)) save.mutate();
            }}
          >
            {t("action.save")}
          </Button>
        </>
      }
    >
      {save.isError && (
        <Alert color="red" mb="md">
          {errorSentence(save.error)}
        </Alert>
      )}
      <div className={classes.columns}>
        <div className={classes.side}>
          <KeptScript
            kept={kept}
            onChange={(next) => set({ kept: next })}
            failure={save.error}
            error={wrong("scriptId") ? t("newRun.noKept") : undefined}
          />
          <Panel title={t("tasks.targets")}>
            <TargetsFields
              targets={targets}
              onChange={(next) => set({ targets: next })}
              nodePaths={nodePaths}
              error={tried && nothing ? t("targets.nothing") : undefined}
            />
          </Panel>
          <Panel title={t("runFiles.title")}>
            <RunFiles files={draft.files} onChange={(files) => set({ files })} tried={tried} />
          </Panel>
          <Panel title={t("artefacts.toCollect")}>
            <RunArtefacts text={draft.artefacts} onChange={(artefacts) => set({ artefacts })} tried={tried} />
          </Panel>
          {!nothing && (
            <Panel title={t("targets.now")}>
              <ResolvedTargets preview={preview.data} error={preview.error} />
            </Panel>
          )}
          <Panel title={t("schedule.title")}>
            <ScheduleFields draft={schedule} onChange={(next) => set({ schedule: next })} />
          </Panel>
        </div>
        <div className={classes.side}>
          <Panel>
            <Stack gap="md">
              <TextInput
                label={t("scripts.name")}
                value={draft.name}
                maxLength={100}
                error={wrong("name") ? t("field.required") : undefined}
                onChange={(event) => set({ name: event.currentTarget.value })}
              />
              <Textarea
                label={t("scripts.description")}
                value={draft.description}
                maxLength={2_000}
                autosize
                minRows={2}
                maxRows={8}
                onChange={(event) => set({ description: event.currentTarget.value })}
              />
            </Stack>
          </Panel>
          <Panel title={t("limits.title")}>
            <RunLimits draft={limits} onChange={(next) => set({ limits: next })} />
          </Panel>
          <Panel title={t("taskNotices.title")}>
            <ToldChannels routes={draft.notices} onChange={(notices) => set({ notices })} />
          </Panel>
          {schedule.kind !== "none" && (
            <Panel title={t("tasks.exceptions")}>
              <Stack gap="md">
                <Radio.Group
                  label={t("tasks.misfire")}
                  value={draft.misfire}
                  onChange={(value) => set({ misfire: oneOf(value, misfires) ?? "fire_once_now" })}
                >
                  <Stack gap={8} mt={6}>
                    {misfires.map((value) => (
                      <Radio key={value} value={value} label={t(`misfire.${value}`)} description={t(`misfireMeaning.${value}`)} />
                    ))}
                  </Stack>
                </Radio.Group>
                <Radio.Group
                  label={t("tasks.overlap")}
                  value={draft.overlap}
                  onChange={(value) => set({ overlap: oneOf(value, overlaps) ?? "skip" })}
                >
                  <Stack gap={8} mt={6}>
                    {overlaps.map((value) => (
                      <Radio key={value} value={value} label={t(`overlap.${value}`)} description={t(`overlapMeaning.${value}`)} />
                    ))}
                  </Stack>
                </Radio.Group>
              </Stack>
            </Panel>
          )}
        </div>
      </div>
    </Page>
  );
}
