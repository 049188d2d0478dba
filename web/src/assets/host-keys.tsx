// The SSH host keys an asset has shown: which are trusted, and which wait for somebody to decide.
"use client";
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { useMay } from "../frame/me.tsx";
import { Moment } from "../ui/moment.tsx";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { showToast } from "../ui/toasts.tsx";

const looks = {
  trusted: { tone: "green", icon: IconCircleCheck },
  offered: { tone: "amber", icon: IconAlertTriangle },
  refused: { tone: "red", icon: IconCircleX },
} as const;

export function HostKeys({ assetId }: { assetId: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("assets.manage");
  const keys = useQuery(trpc.assets.hostKeys.queryOptions({ id: assetId }));
  const decide = useMutation(
    trpc.assets.decideHostKey.mutationOptions({ onSuccess: () => showToast("done", t("hostKeys.decided")) }),
  );
  if (keys.isError) return <Failed error={keys.error} onRetry={() => void keys.refetch()} />;
  if (keys.data === undefined) return <PanelSkeleton />;
  const { items } = keys.data;
  if (items.length === 0) return <Empty title={t("hostKeys.empty")} text={t("hostKeys.emptyText")} />;
  const changed = items.some(({ state }) => state === "offered") && items.some(({ state }) => state === "trusted");
  return (
    <Stack gap="md">
      {changed && (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />}>
          {t("hostKeys.changed")}
        </Alert>
      )}
      {items.map(({ id, algorithm, fingerprint, state, seenAt }) => (
        <Stack key={id} gap={4}>
          <Group gap="xs">
            <StateMark {...looks[state]}>{t(`hostKeys.${state}`)}</StateMark>
            <span className="mono">{algorithm}</span>
            <Text size="xs" c="dimmed">
              <Moment at={seenAt} />
            </Text>
          </Group>
          <span className="mono truncate">{fingerprint}</span>
          {mayManage && (
            <Group gap="xs">
              {state !== "trusted" && (
                <Button size="compact-xs" variant="light" onClick={() => decide.mutate({ id, decision: "trust-alone" })}>
                  {t("hostKeys.trustAlone")}
                </Button>
              )}
              {state !== "trusted" && (
                <Button size="compact-xs" variant="default" onClick={() => decide.mutate({ id, decision: "trust" })}>
                  {t("hostKeys.trust")}
                </Button>
              )}
              {state !== "refused" && (
                <Button size="compact-xs" variant="subtle" color="red" onClick={() => decide.mutate({ id, decision: "refuse" })}>
                  {t("hostKeys.refuse")}
                </Button>
              )}
            </Group>
          )}
        </Stack>
      ))}
    </Stack>
  );
}
