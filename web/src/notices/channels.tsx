// Where the organisation is told: which channels there are, whether they work, adding and removing them.
"use client";
import { Alert, Button, Drawer, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { NoticeChannel } from "../api/types.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { ChannelForm } from "./channel-form.tsx";
import classes from "./notices.module.css";

export function Channels() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const channels = useQuery(trpc.notices.channels.queryOptions());
  const [open, setOpen] = useState<NoticeChannel | "new" | null>(null);
  return (
    <Panel
      title={t("channels.title")}
      action={
        <Button size="xs" variant="default" onClick={() => setOpen("new")}>
          {t("channels.add")}
        </Button>
      }
    >
      {channels.isError ? (
        <Failed error={channels.error} onRetry={() => void channels.refetch()} />
      ) : channels.data === undefined ? (
        <PanelSkeleton />
      ) : channels.data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("channels.empty")}
        </Text>
      ) : (
        channels.data.items.map((channel) => <ChannelLine key={channel.id} channel={channel} onOpen={() => setOpen(channel)} />)
      )}
      <Drawer
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open === "new" || open === null ? t("channels.add") : displayText(open.name)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {open !== null && (
          <ChannelForm
            key={open === "new" ? "new" : open.id}
            channel={open === "new" ? null : open}
            onDone={() => setOpen(null)}
          />
        )}
      </Drawer>
    </Panel>
  );
}

function ChannelLine({ channel, onOpen }: { channel: NoticeChannel; onOpen: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = displayText(channel.name);
  const test = useMutation(trpc.notices.testChannel.mutationOptions());
  const remove = useMutation(
    trpc.notices.removeChannel.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        showToast("done", t("channels.removed", { name }));
        return queries.invalidateQueries({ queryKey: trpc.notices.pathKey() });
      },
    }),
  );
  return (
    <div className={classes.line}>
      <Stack className={classes.lineWords} gap={2}>
        <Text size="sm" truncate>
          {name}
          {!channel.active && ` (${t("channels.off")})`}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {t(`channelKind.${channel.kind}`)} · {displayText(channel.host)} ·{" "}
          {t("channels.kindsCount", { count: channel.kinds.length })}
          {channel.allowsInside && ` · ${t("channels.inside")}`}
        </Text>
        {channel.switchedOff !== null && (
          <Text size="xs" c="red">
            {t("channels.switchedOff", { reason: displayText(channel.switchedOff, 200) })}
          </Text>
        )}
        {test.data !== undefined && (
          <Alert color={test.data.sent ? "teal" : "red"} role="status" mt={4} p="xs">
            {test.data.sent ? t("channels.tested") : t("channels.testFailed")}{" "}
            <span className={`mono ${classes.answer}`}>{displayText(test.data.text, 300)}</span>
          </Alert>
        )}
      </Stack>
      <Button size="compact-sm" variant="default" loading={test.isPending} onClick={() => test.mutate({ id: channel.id })}>
        {t("channels.test")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={onOpen}>
        {t("channels.change")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {t("action.delete")}
      </Button>
      <Confirm
        opened={asking}
        title={t("channels.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: channel.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("channels.removeText")}</Text>
      </Confirm>
    </div>
  );
}
