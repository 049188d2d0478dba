// The state of one execution in colour, word and icon; with the exit code or the reason when it failed.
"use client";
import type { ExecutionGroup } from "@sallyport/hub/automation/input";
import { IconAlertTriangle, IconCheck, IconClock, IconHandStop, IconLoader2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Execution } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { groupOf } from "./execution-group.ts";

const tones = { failed: "red", running: "blue", waiting: "grey", stopped: "grey", succeeded: "green" } as const;
const icons = {
  failed: IconAlertTriangle,
  running: IconLoader2,
  waiting: IconClock,
  stopped: IconHandStop,
  succeeded: IconCheck,
};

export function GroupMark({ group, children }: { group: ExecutionGroup; children: string }) {
  return (
    <StateMark tone={tones[group]} icon={icons[group]} pulse={group === "running"}>
      {children}
    </StateMark>
  );
}

export function ExecutionMark({ execution }: { execution: Pick<Execution, "state" | "reason" | "exitCode" | "signal"> }) {
  const { t } = useTranslation();
  const group = groupOf(execution);
  const { exitCode, signal, reason } = execution;
  const word = () => {
    if (group !== "failed") return t(`executionState.${group}`);
    if (reason === "failed" && signal !== null) return t("run.signal", { signal: displayText(signal, 20) });
    if (reason === "failed" && exitCode !== null) return t("run.exit", { code: exitCode });
    return reason === null ? t("executionState.failed") : t(`executionReason.${reason}`);
  };
  return <GroupMark group={group}>{word()}</GroupMark>;
}
