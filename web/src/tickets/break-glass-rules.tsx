// How long access that was taken in an emergency lasts at most.
"use client";
import { Box, Stack, Text } from "@mantine/core";
import { breakGlassMinutesMax } from "@sallyport/hub/tickets/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { LengthSelect } from "./time-fields.tsx";

export function BreakGlassRules() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const rules = useQuery(trpc.breakGlass.rules.queryOptions());
  const change = useMutation(
    trpc.breakGlass.setRules.mutationOptions({
      onSuccess: () => {
        showToast("done", t("breakGlass.saved"));
        return queries.invalidateQueries({ queryKey: trpc.breakGlass.rules.queryKey() });
      },
    }),
  );
  if (rules.data === undefined)
    return rules.isError ? <Failed error={rules.error} onRetry={() => void rules.refetch()} /> : <PanelSkeleton />;
  return (
    <Panel title={t("breakGlass.title")}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("breakGlass.rules")}
        </Text>
        <Box maw={360}>
          <LengthSelect
            minutes={rules.data.minutesMax}
            most={breakGlassMinutesMax}
            onChange={(minutesMax) => change.mutate({ minutesMax })}
          />
        </Box>
      </Stack>
    </Panel>
  );
}
