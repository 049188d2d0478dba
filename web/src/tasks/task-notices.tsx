// Who hears of a task: the channels that it tells, and what the person at the screen has chosen for himself.
"use client";
import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { type Following, troubleKinds } from "@sallyport/hub/notify/input";
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { TaskDetail } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { TaskKinds } from "../notices/task-kinds.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Panel } from "../ui/panel.tsx";

export function TaskNotices({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const { notices } = task;
  return (
    <Panel title={t("taskNotices.title")}>
      <Stack gap="md">
        {notices.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("taskNotices.noRoutes")}
          </Text>
        ) : (
          <Facts
            items={notices.map(({ name, kinds }) => [
              displayText(name),
              kinds.map((kind) => t(`taskNotice.${kind}`)).join(t("list.comma")),
            ])}
          />
        )}
        <TellMe task={task} />
      </Stack>
    </Panel>
  );
}

function TellMe({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const isMine = useMe().id === task.owner.id;
  const { data } = useQuery(trpc.notices.subscriptions.queryOptions());
  const key = trpc.tasks.get.queryKey({ id: task.id });
  const follow = useMutation(
    trpc.tasks.follow.mutationOptions({
      onMutate: ({ following }) => {
        queries.setQueryData(key, (old) => (old === undefined ? old : { ...old, following }));
      },
      onSettled: () => queries.invalidateQueries({ queryKey: key }),
    }),
  );
  const choose = (following: Following | null) => follow.mutate({ id: task.id, following });
  const { following } = task;
  if (following === null)
    return (
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {t(isMine ? "taskNotices.asOwner" : "taskNotices.notTold")}
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconBell size={14} />}
          onClick={() => choose({ kinds: [...troubleKinds], inbox: true, mail: false })}
        >
          {t(isMine ? "taskNotices.choose" : "taskNotices.tellMe")}
        </Button>
      </Group>
    );
  return (
    <Stack gap="xs">
      <TaskKinds
        label={t("taskNotices.mine")}
        none={t("taskNotices.nothing")}
        value={following.kinds}
        onChange={(kinds) => choose({ ...following, kinds })}
      />
      <Group justify="space-between" gap="xs">
        <Group gap="md">
          <Checkbox
            label={t("notices.title")}
            checked={following.inbox}
            onChange={(event) => choose({ ...following, inbox: event.currentTarget.checked })}
          />
          {(data?.mails === true || following.mail) && (
            <Checkbox
              label={t("field.email")}
              checked={following.mail}
              onChange={(event) => choose({ ...following, mail: event.currentTarget.checked })}
            />
          )}
        </Group>
        <Button size="compact-sm" variant="subtle" leftSection={<IconBellOff size={14} />} onClick={() => choose(null)}>
          {t(isMine ? "taskNotices.asUsual" : "taskNotices.tellMeNoMore")}
        </Button>
      </Group>
    </Stack>
  );
}
