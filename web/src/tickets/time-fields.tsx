// From when and for how long.
"use client";
import { Group, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLocale } from "../ui/use-locale.ts";

/** Minutes: half an hour, one, two, four, eight hours, a day, three days, a week, a month. */
const choices = [30, 60, 120, 240, 480, 1_440, 4_320, 10_080, 43_200];

interface TimeFieldsProps {
  /** As an input of the kind datetime-local has it; empty: from the approval on. */
  startsAt: string;
  minutes: number;
  /** No longer than this. */
  most?: number;
  onChange: (part: { startsAt?: string; minutes?: number }) => void;
  error?: string | undefined;
}

export function TimeFields({ startsAt, minutes, most = Number.POSITIVE_INFINITY, onChange, error }: TimeFieldsProps) {
  const { t } = useTranslation();
  return (
    <Group align="flex-start" gap="sm">
      <LengthSelect minutes={minutes} most={most} onChange={(value) => onChange({ minutes: value })} />
      <TextInput
        type="datetime-local"
        label={t("tickets.from")}
        description={t("tickets.fromHint")}
        value={startsAt}
        error={error}
        onChange={(event) => onChange({ startsAt: event.currentTarget.value })}
      />
    </Group>
  );
}

interface LengthSelectProps {
  /** What lasts so long; access that is asked for without them. */
  label?: string;
  hint?: string;
  minutes: number;
  most: number;
  onChange: (minutes: number) => void;
}

export function LengthSelect({ label, hint, minutes, most, onChange }: LengthSelectProps) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const values = [...new Set([...choices, minutes])].filter((value) => value <= most).sort((a, b) => a - b);
  return (
    <Select
      label={label ?? t("tickets.howLong")}
      description={hint ?? t("tickets.howLongHint")}
      data={values.map((value) => ({ value: String(value), label: duration(value * 60_000) }))}
      value={String(minutes)}
      allowDeselect={false}
      onChange={(value) => onChange(Number(value))}
    />
  );
}
