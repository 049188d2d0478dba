// Flows: who decides about what, in the order in which they are looked at.
"use client";
import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { TicketFlow } from "../api/types.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { FlowForm } from "./flow-form.tsx";

export function Flows() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const flows = useQuery(trpc.tickets.flows.queryOptions());
  const [opened, setOpened] = useState<TicketFlow | "new" | null>(null);
  const close = () => setOpened(null);
  if (flows.data === undefined)
    return flows.isError ? <Failed error={flows.error} onRetry={() => void flows.refetch()} /> : <PanelSkeleton />;
  return (
    <Panel
      title={t("flows.title")}
      action={
        <Button size="compact-sm" leftSection={<IconPlus size={14} />} onClick={() => setOpened("new")}>
          {t("flows.add")}
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t(flows.data.items.length === 0 ? "flows.empty" : "flows.purpose")}
        </Text>
        {flows.data.items.map((flow) => (
          <Flow key={flow.id} flow={flow} onOpen={() => setOpened(flow)} />
        ))}
      </Stack>
      <Drawer
        opened={opened !== null}
        onClose={close}
        title={opened === null || opened === "new" ? t("flows.add") : t("flows.changeTitle", { name: displayText(opened.name) })}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {opened !== null && <FlowForm flow={opened === "new" ? null : opened} names={flows.data.names} onDone={close} />}
      </Drawer>
    </Panel>
  );
}

function Flow({ flow, onOpen }: { flow: TicketFlow; onOpen: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = displayText(flow.name);
  const remove = useMutation(
    trpc.tickets.removeFlow.mutationOptions({
      onSuccess: () => {
        showToast("done", t("flows.removed", { name }));
        return queries.invalidateQueries({ queryKey: trpc.tickets.pathKey() });
      },
    }),
  );
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start">
      <div>
        <Text size="sm" fw={500}>
          {name}
          {!flow.active && ` (${t("channels.off")})`}
        </Text>
        <Text size="xs" c="dimmed">
          {t("flows.levels", { count: flow.levels.length })}
          {flow.match.privileged !== null && ` · ${t(flow.match.privileged ? "flows.privilegedOnly" : "flows.unprivilegedOnly")}`}
          {flow.auto !== null && ` · ${t("flows.hasAuto")}`}
        </Text>
      </div>
      <Group gap="xs" wrap="nowrap">
        <Button size="compact-sm" variant="default" onClick={onOpen}>
          {t("flows.change")}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
          {t("action.delete")}
        </Button>
      </Group>
      <Confirm
        opened={asking}
        title={t("flows.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: flow.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("flows.removeText")}</Text>
      </Confirm>
    </Group>
  );
}
