// The state of a run in colour, word and icon.
"use client";
import {
  IconAlertTriangle,
  IconCheck,
  IconClock,
  IconHandStop,
  IconLoader2,
  IconPercentage50,
  IconPlayerPause,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { RunSummary } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

export function RunMark({ run: { state, outcome } }: { run: Pick<RunSummary, "state" | "outcome"> }) {
  const { t } = useTranslation();
  if (state !== "finished" || outcome === null) {
    return (
      <StateMark
        tone={state === "queued" ? "grey" : state === "paused" || state === "halted" ? "amber" : "blue"}
        icon={state === "queued" ? IconClock : state === "paused" || state === "halted" ? IconPlayerPause : IconLoader2}
        pulse={state === "running" || state === "stopping"}
      >
        {t(`runState.${state}`)}
      </StateMark>
    );
  }
  const tones = { succeeded: "green", failed: "red", stopped: "grey", mixed: "amber" } as const;
  const icons = { succeeded: IconCheck, failed: IconAlertTriangle, stopped: IconHandStop, mixed: IconPercentage50 };
  return (
    <StateMark tone={tones[outcome]} icon={icons[outcome]}>
      {t(`outcome.${outcome}`)}
    </StateMark>
  );
}
