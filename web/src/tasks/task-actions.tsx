// What may be done with a task.
"use client";
import { Button, Menu, Text } from "@mantine/core";
import { IconArchive, IconCopy, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { TaskDetail } from "../api/types.ts";
import { useMay, useMe } from "../frame/me.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { MoreActions, useCopyName } from "../ui/more-actions.tsx";
import { showToast } from "../ui/toasts.tsx";

export function TaskActions({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const copyName = useCopyName();
  const me = useMe();
  const mayRun = useMay("run.start");
  const [archiving, setArchiving] = useState(false);
  const { id, archived, mayChange, state } = task;
  const run = useMutation(trpc.tasks.run.mutationOptions({ onSuccess: (made) => router.push(`/run?id=${made.id}`) }));
  const start = useMutation(trpc.tasks.start.mutationOptions({ onSuccess: () => showToast("done", t("tasks.started")) }));
  const pause = useMutation(trpc.tasks.pause.mutationOptions({ onSuccess: () => showToast("done", t("tasks.paused")) }));
  const clone = useMutation(trpc.tasks.clone.mutationOptions({ onSuccess: (copy) => router.push(`/tasks/edit?id=${copy.id}`) }));
  const archive = useMutation(
    trpc.tasks.archive.mutationOptions({
      onSuccess: () => {
        showToast("done", t("scripts.archiveDone"));
        router.push("/tasks");
      },
    }),
  );
  if (!mayRun) return null;
  const mayWork = mayChange && !archived;
  return (
    <>
      {mayWork && task.owner.id === me.id && (
        <Button leftSection={<IconPlayerTrackNext size={16} />} loading={run.isPending} onClick={() => run.mutate({ id })}>
          {t("tasks.runNow")}
        </Button>
      )}
      {mayWork && (
        <Button
          variant="default"
          leftSection={state === "active" ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
          loading={start.isPending || pause.isPending}
          onClick={() => (state === "active" ? pause : start).mutate({ id })}
        >
          {t(state === "active" ? "tasks.pause" : "tasks.start")}
        </Button>
      )}
      {mayWork && (
        <Button variant="default" component={Link} href={`/tasks/edit?id=${id}`} leftSection={<IconPencil size={16} />}>
          {t("scripts.edit")}
        </Button>
      )}
      <MoreActions>
        <Menu.Item leftSection={<IconCopy size={15} />} onClick={() => clone.mutate({ id, name: copyName(task.name) })}>
          {t("tasks.clone")}
        </Menu.Item>
        {mayWork && (
          <Menu.Item color="red" leftSection={<IconArchive size={15} />} onClick={() => setArchiving(true)}>
            {t("scripts.archive")}
          </Menu.Item>
        )}
      </MoreActions>
      <Confirm
        opened={archiving}
        title={t("tasks.archiveTitle", { name: displayText(task.name) })}
        action={t("scripts.archive")}
        pending={archive.isPending}
        onConfirm={() => archive.mutate({ id })}
        onClose={() => setArchiving(false)}
      >
        <Text size="sm">{t("tasks.archiveText")}</Text>
      </Confirm>
    </>
  );
}
