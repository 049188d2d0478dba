// The key that wraps all stored secrets: which one it is, and changing it with progress.
"use client";
import { Alert, Button, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { Confirm } from "../ui/confirm.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";

/** While secrets are wrapped anew: a bar that moves. */
const progressEveryMs = 500;

export function VaultPanel() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const vault = useQuery(
    trpc.settings.vault.queryOptions(undefined, {
      refetchInterval: ({ state }) => (state.data?.running === true ? progressEveryMs : false),
    }),
  );
  const rotate = useMutation(
    trpc.settings.rotateVault.mutationOptions({
      onSuccess: (state) => queries.setQueryData(trpc.settings.vault.queryKey(), state),
      onSettled: () => setAsking(false),
    }),
  );
  if (vault.isError) return <Failed error={vault.error} onRetry={() => void vault.refetch()} />;
  if (vault.data === undefined) return <PanelSkeleton />;
  const { key, keys, running, failed, done, total } = vault.data;
  return (
    <Panel title={t("vault.title")}>
      <Stack gap="sm">
        <Text size="sm">{t("vault.text", { key })}</Text>
        {running && (
          <>
            <Progress value={total === 0 ? 100 : (done / total) * 100} aria-label={t("vault.title")} />
            <Text size="sm" role="status">
              {t("vault.running", { done, total })}
            </Text>
          </>
        )}
        {!running && keys > 1 && !failed && <Text size="sm">{t("vault.oldKeys", { count: keys - 1 })}</Text>}
        {failed && <Alert color="red">{t("vault.failed")}</Alert>}
        <Button variant="default" disabled={running} onClick={() => setAsking(true)} style={{ alignSelf: "flex-start" }}>
          {t("vault.rotate")}
        </Button>
      </Stack>
      <Confirm
        opened={asking}
        title={t("vault.rotateTitle")}
        action={t("vault.rotate")}
        pending={rotate.isPending}
        onConfirm={() => rotate.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("vault.rotateText")}</Text>
      </Confirm>
    </Panel>
  );
}
