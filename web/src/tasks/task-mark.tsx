// The state of a task, and of one of its due moments, in colour, word and icon.
"use client";
import {
  IconAlertTriangle,
  IconArchive,
  IconCheck,
  IconClock,
  IconClockX,
  IconPlayerPause,
  IconPlayerSkipForward,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Task, TaskFire } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

export function TaskMark({ state, archived }: Pick<Task, "state" | "archived">) {
  const { t } = useTranslation();
  if (archived)
    return (
      <StateMark tone="grey" icon={IconArchive}>
        {t("scripts.archived")}
      </StateMark>
    );
  return (
    <StateMark tone={state === "active" ? "green" : "amber"} icon={state === "active" ? IconClock : IconPlayerPause}>
      {t(`taskState.${state}`)}
    </StateMark>
  );
}

const looks = {
  started: { tone: "green", icon: IconCheck },
  queued: { tone: "blue", icon: IconClock },
  skipped: { tone: "grey", icon: IconPlayerSkipForward },
  missed: { tone: "amber", icon: IconClockX },
  failed: { tone: "red", icon: IconAlertTriangle },
} as const;

export function FireMark({ outcome }: Pick<TaskFire, "outcome">) {
  const { t } = useTranslation();
  return <StateMark {...looks[outcome]}>{t(`fireOutcome.${outcome}`)}</StateMark>;
}
