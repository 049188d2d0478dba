// Where the organisation is told: which channels there are, whether they work, adding and removing them.
"use client";
import { Alert, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { NoticeChannel } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { ManagedLine, ManagedLines } from "../ui/managed-lines.tsx";
import { showToast } from "../ui/toasts.tsx";
import { ChannelForm } from "./channel-form.tsx";
import classes from "./notices.module.css";

export function Channels() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const channels = useQuery(trpc.notices.channels.queryOptions());
  return (
    <ManagedLines
      title={t("channels.title")}
      add={t("channels.add")}
      empty={t("channels.empty")}
      query={channels}
      line={(channel, onChange) => <ChannelLine key={channel.id} channel={channel} onChange={onChange} />}
      form={(channel, onDone) => <ChannelForm key={channel?.id ?? "new"} channel={channel} onDone={onDone} />}
    />
  );
}

function ChannelLine({ channel, onChange }: { channel: NoticeChannel; onChange: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { id } = channel;
  const name = displayText(channel.name);
  const test = useMutation(trpc.notices.testChannel.mutationOptions());
  const remove = useMutation(
    trpc.notices.removeChannel.mutationOptions({
      onSuccess: () => {
        showToast("done", t("channels.removed", { name }));
        return queries.invalidateQueries({ queryKey: trpc.notices.pathKey() });
      },
    }),
  );
  return (
    <ManagedLine
      name={name}
      active={channel.active}
      off={t("channels.off")}
      test={{ label: t("channels.test"), pending: test.isPending, onTest: () => test.mutate({ id }) }}
      change={{ label: t("channels.change"), onChange }}
      remove={{
        title: t("channels.removeTitle", { name }),
        text: t("channels.removeText"),
        pending: remove.isPending,
        onRemove: (onSuccess) => remove.mutate({ id }, { onSuccess }),
      }}
    >
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
    </ManagedLine>
  );
}
