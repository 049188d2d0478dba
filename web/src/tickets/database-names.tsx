// How accounts are called that requests give on databases.
"use client";
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { settings } from "@sallyport/hub/databases/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";

export function DatabaseNames() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const kept = useQuery(trpc.databases.settings.queryOptions());
  if (kept.data === undefined)
    return kept.isError ? <Failed error={kept.error} onRetry={() => void kept.refetch()} /> : <PanelSkeleton />;
  return (
    <Panel title={t("databases.names")}>
      <NamePattern key={kept.data.namePattern} kept={kept.data.namePattern} />
    </Panel>
  );
}

function NamePattern({ kept }: { kept: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [namePattern, setPattern] = useState(kept);
  const change = useMutation(
    trpc.databases.changeSettings.mutationOptions({
      onSuccess: () => {
        showToast("done", t("databases.namesSaved"));
        return queries.invalidateQueries({ queryKey: trpc.databases.settings.queryKey() });
      },
    }),
  );
  const isRight = settings.safeParse({ namePattern }).success;
  const example = namePattern.replace("{user}", "ada").replace("{level}", "r");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) change.mutate({ namePattern });
      }}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("databases.namesHint", { user: "{user}", level: "{level}" })}
        </Text>
        <TextInput
          maw={360}
          label={t("databases.namePattern")}
          value={namePattern}
          error={isRight ? undefined : t("databases.badPattern", { example: "jump_db_{user}_{level}" })}
          description={isRight ? t("databases.nameExample", { example }) : undefined}
          onChange={(event) => setPattern(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" variant="default" loading={change.isPending} disabled={!isRight || namePattern === kept}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
