// Of what happens to a task, what somebody or a channel is told.
"use client";
import { MultiSelect } from "@mantine/core";
import { type TaskNoticeKind, taskNoticeKinds } from "@sallyport/hub/notify/input";
import { useTranslation } from "react-i18next";

interface TaskKindsProps {
  label: string;
  value: readonly TaskNoticeKind[];
  onChange: (kinds: TaskNoticeKind[]) => void;
  /** Shown while nothing is chosen. */
  none: string;
  isNamed?: boolean;
}

export function TaskKinds({ label, value, onChange, none, isNamed = true }: TaskKindsProps) {
  const { t } = useTranslation();
  return (
    <MultiSelect
      {...(isNamed ? { label } : { "aria-label": label })}
      placeholder={value.length === 0 ? none : ""}
      data={taskNoticeKinds.map((kind) => ({ value: kind, label: t(`taskNotice.${kind}`) }))}
      value={[...value]}
      clearable
      onChange={(chosen) => onChange(taskNoticeKinds.filter((kind) => chosen.includes(kind)))}
    />
  );
}
