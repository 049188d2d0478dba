// Tries to reach an asset now, and says in words what stood in the way, for which agent, and what to do next.
"use client";
import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconPlugConnected } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { outcomeNext, outcomeText } from "./outcome-text.ts";

export function TestAsset({ assetId }: { assetId: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const test = useMutation(trpc.custody.test.mutationOptions());
  const result = test.data;
  const next = result === undefined ? null : outcomeNext(result.code);
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={16} />}
        loading={test.isPending}
        onClick={() => test.mutate({ id: assetId })}
        style={{ alignSelf: "flex-start" }}
      >
        {t("custody.test")}
      </Button>
      {test.isPending && (
        <Text size="sm" c="dimmed" role="status">
          {t("custody.testing")}
        </Text>
      )}
      {result !== undefined && !test.isPending && (
        <Alert
          role="status"
          color={result.code === "works" ? "green" : "red"}
          icon={result.code === "works" ? <IconCircleCheck size={18} /> : <IconAlertTriangle size={18} />}
          title={outcomeText(result.code)}
        >
          <Stack gap={4}>
            {result.tried.map(({ agent, code }) => (
              <Text key={agent.id} size="sm">
                {t("custody.triedOn", { agent: displayText(agent.name), outcome: outcomeText(code) })}
              </Text>
            ))}
            <Text size="sm" c="dimmed">
              {result.port === null
                ? t("custody.took", { ms: result.tookMs })
                : t("custody.tookPort", { ms: result.tookMs, port: result.port })}
            </Text>
            {next !== null && <Text size="sm">{next}</Text>}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}
