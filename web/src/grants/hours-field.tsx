// The hours of the week in which a grant holds: spans of days and times, by the clock of one zone.
"use client";
import { ActionIcon, Button, Chip, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Grant } from "../api/types.ts";

export type Hours = NonNullable<Grant["hours"]>;
type Span = Hours["spans"][number];

const days = ["1", "2", "3", "4", "5", "6", "7"] as const;
const workdays: Span = { days: [1, 2, 3, 4, 5], from: 9 * 60, to: 18 * 60 };
const dayMinutes = 24 * 60;

const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = (): string[] => ["UTC", ...Intl.supportedValuesOf("timeZone")];

export function HoursField({ hours, onChange }: { hours: Hours | null; onChange: (hours: Hours | null) => void }) {
  const { t } = useTranslation();
  const spans = hours?.spans ?? [];
  const timeZone = hours?.timeZone ?? ownZone();
  const set = (next: Span[]) => onChange(next.length === 0 ? null : { timeZone, spans: next });
  const change = (at: number, part: Partial<Span>) => set(spans.map((span, n) => (n === at ? { ...span, ...part } : span)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {t("grants.hours")}
      </Text>
      {spans.length === 0 && (
        <Text size="xs" c="dimmed">
          {t("grants.always")}
        </Text>
      )}
      {spans.map((span, at) => (
        // Spans have no name of their own, and their order is theirs.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Stack key={at} gap={6}>
          <Chip.Group
            multiple
            value={span.days.map(String)}
            onChange={(chosen) => chosen.length > 0 && change(at, { days: chosen.map(Number).sort() })}
          >
            <Group gap={4}>
              {days.map((day) => (
                <Chip key={day} value={day} size="xs">
                  {t(`grants.day.${day}`)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Group gap="xs" wrap="nowrap">
            <TextInput
              type="time"
              aria-label={t("grants.from")}
              value={timeOf(span.from)}
              onChange={(event) => change(at, { from: minutesOf(event.currentTarget.value) ?? span.from })}
            />
            –
            <TextInput
              type="time"
              aria-label={t("grants.to")}
              value={timeOf(span.to)}
              error={span.from >= span.to}
              onChange={(event) => change(at, { to: minutesOf(event.currentTarget.value) || dayMinutes })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("grants.hoursRemove")}
              onClick={() => set(spans.filter((_, n) => n !== at))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
          {span.from >= span.to && (
            <Text size="xs" c="red">
              {t("grants.hoursWrong")}
            </Text>
          )}
        </Stack>
      ))}
      {spans.length > 0 && (
        <Select
          label={t("grants.timeZone")}
          data={zones()}
          value={timeZone}
          searchable
          allowDeselect={false}
          onChange={(zone) => zone !== null && onChange({ timeZone: zone, spans })}
        />
      )}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: "flex-start" }}
        onClick={() => set([...spans, workdays])}
      >
        {t("grants.hoursAdd")}
      </Button>
    </Stack>
  );
}

/** Midnight at the end of a day is written 00:00, as clocks do. */
const timeOf = (minutes: number): string =>
  `${String(Math.floor((minutes % dayMinutes) / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

function minutesOf(time: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(time);
  return found === null ? null : Number(found[1]) * 60 + Number(found[2]);
}

/** `Mon–Fri 09:00–18:00 (Europe/Berlin)`, for reading. */
export function hoursText({ timeZone, spans }: Hours, dayName: (day: (typeof days)[number]) => string): string {
  const spanText = ({ days: on, from, to }: Span) =>
    `${on.map((day) => dayName(days[day - 1] ?? "1")).join(" ")} ${timeOf(from)}–${to === dayMinutes ? "24:00" : timeOf(to)}`;
  return `${spans.map(spanText).join(", ")} (${timeZone})`;
}
