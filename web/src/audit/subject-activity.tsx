// The latest audit events about one thing, or by one person.
"use client";
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { EventLines } from "./event-lines.tsx";

export function SubjectActivity({ subjectId }: { subjectId: string }) {
  return <Activity filter={{ subjectId }} />;
}

export function PersonActivity({ userId }: { userId: string }) {
  return <Activity filter={{ actorId: userId }} />;
}

function Activity({ filter }: { filter: { subjectId: string } | { actorId: string } }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const events = useQuery(trpc.audit.list.queryOptions({ ...filter, limit: 50 }));
  if (events.isError) return <Failed error={events.error} onRetry={() => void events.refetch()} />;
  if (events.data === undefined) return <PanelSkeleton />;
  if (events.data.items.length === 0) return <Text c="dimmed">{t("fleet.noActivity")}</Text>;
  return <EventLines events={events.data.items} />;
}
