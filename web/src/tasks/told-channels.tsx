// Which channels a task tells of what, while somebody writes it.
"use client";
import { ActionIcon, Group, Select, Stack, Text } from "@mantine/core";
import { type Route, troubleKinds } from "@sallyport/hub/notify/input";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { TaskKinds } from "../notices/task-kinds.tsx";
import { displayText } from "../ui/display-text.ts";

interface ToldChannelsProps {
  routes: readonly Route[];
  onChange: (routes: Route[]) => void;
}

export function ToldChannels({ routes, onChange }: ToldChannelsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.notices.channelNames.queryOptions());
  const channels = data?.items ?? [];
  const nameOf = (channelId: string) => displayText(channels.find(({ id }) => id === channelId)?.name ?? "…");
  const left = channels.filter(({ id }) => !routes.some(({ channelId }) => channelId === id));
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {data !== undefined && channels.length === 0 ? t("taskNotices.noChannels") : t("taskNotices.text")}
      </Text>
      {routes.map((route) => {
        const name = nameOf(route.channelId);
        return (
          <div key={route.channelId}>
            <Group justify="space-between" wrap="nowrap" mb={4}>
              <Text size="sm" fw={500} truncate>
                {name}
              </Text>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("taskNotices.remove", { name })}
                onClick={() => onChange(routes.filter(({ channelId }) => channelId !== route.channelId))}
              >
                <IconX size={15} />
              </ActionIcon>
            </Group>
            <TaskKinds
              label={t("taskNotices.of", { name })}
              isNamed={false}
              none={t("taskNotices.nothing")}
              value={route.kinds}
              onChange={(kinds) => onChange(routes.map((other) => (other === route ? { ...route, kinds } : other)))}
            />
          </div>
        );
      })}
      {left.length > 0 && (
        <Select
          aria-label={t("taskNotices.add")}
          placeholder={t("taskNotices.add")}
          data={left.map(({ id, name }) => ({ value: id, label: displayText(name) }))}
          value={null}
          searchable
          onChange={(channelId) => channelId !== null && onChange([...routes, { channelId, kinds: [...troubleKinds] }])}
        />
      )}
    </Stack>
  );
}
