// The machines of one group, each a terminal away, and the run once more on them.
"use client";
import { Button, Group, Text } from "@mantine/core";
import { IconRepeat, IconTerminal2 } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Execution } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import type { OutputGroup } from "./output-group.tsx";

interface GroupMembersProps {
  runId: string;
  group: OutputGroup;
  ignoreNumbers: boolean;
}

export function GroupMembers({ runId, group, ignoreNumbers }: GroupMembersProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const members = useQuery(
    trpc.runs.executions.queryOptions(
      { id: runId, sameAs: group.executionId, ignoreNumbers },
      { placeholderData: keepPreviousData },
    ),
  );
  const items = members.data?.items ?? [];
  return (
    <Panel
      title={t("compare.members", { count: group.count, shown: count(group.count) })}
      action={<AgainOnThese runId={runId} sameAs={group.executionId} ignoreNumbers={ignoreNumbers} />}
    >
      <Group gap={6}>
        {items.map((execution) => (
          <TerminalButton key={execution.id} execution={execution} />
        ))}
        {group.count > items.length && items.length > 0 && (
          <Text size="sm" c="dimmed">
            {t("targets.more", { more: count(group.count - items.length) })}
          </Text>
        )}
      </Group>
    </Panel>
  );
}

function AgainOnThese({ runId, sameAs, ignoreNumbers }: { runId: string; sameAs: string; ignoreNumbers: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayRun = useMay("run.start");
  const again = useMutation(trpc.runs.again.mutationOptions({ onSuccess: ({ id }) => router.push(`/run?id=${id}`) }));
  if (!mayRun) return null;
  const form = new URLSearchParams({ again: runId, sameAs, ...(ignoreNumbers ? { numbers: "ignored" } : {}) });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="light"
        leftSection={<IconRepeat size={14} />}
        loading={again.isPending}
        onClick={() => again.mutate({ id: runId, which: "alike", sameAs, ignoreNumbers })}
      >
        {t("compare.againOnThese")}
      </Button>
      <Button size="compact-sm" variant="subtle" component={Link} href={`/runs/new?${form}`}>
        {t("compare.againChanged")}
      </Button>
    </Group>
  );
}

function TerminalButton({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const mayOpen = useMay("terminal.open");
  const name = displayText(execution.assetName, 60);
  if (!mayOpen) return <span>{name}</span>;
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconTerminal2 size={14} />}
      aria-label={t("compare.openTerminal", { name })}
      onClick={() => dock.open(execution.assetId, execution.assetName)}
    >
      {name}
    </Button>
  );
}
