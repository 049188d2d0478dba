// When a task is due: in fields for what most people mean, with the next moments below.
"use client";
import { Alert, Chip, Group, MultiSelect, NativeSelect, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { schedule as scheduleInput } from "@sallyport/hub/tasks/input";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { type CronBuilder, repeats } from "./cron-builder.ts";
import { NextFires } from "./next-fires.tsx";
import { type ScheduleDraft, scheduleKinds, scheduleOf, type Unit, units } from "./schedule-draft.ts";
import { useScheduleText } from "./schedule-text.ts";
import { usePreview } from "./use-preview.ts";

const zones = (): string[] => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
const days = ["1", "2", "3", "4", "5", "6", "7"] as const;
const unitNames = Object.keys(units).filter((name): name is Unit => name in units);

interface ScheduleFieldsProps {
  draft: ScheduleDraft;
  onChange: (draft: ScheduleDraft) => void;
}

export function ScheduleFields({ draft, onChange }: ScheduleFieldsProps) {
  const { t } = useTranslation();
  const set = (part: Partial<ScheduleDraft>) => onChange({ ...draft, ...part });
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label={t("schedule.title")}
        value={draft.kind}
        onChange={(value) => set({ kind: oneOf(value, scheduleKinds) ?? "none" })}
        data={scheduleKinds.map((value) => ({ value, label: t(`scheduleKind.${value}`) }))}
      />
      {draft.kind === "cron" && <CronFields cron={draft.cron} onChange={(cron) => set({ cron })} />}
      {draft.kind === "interval" && (
        <Group gap="xs" align="end">
          <TextInput
            label={t("schedule.every")}
            inputMode="numeric"
            w={100}
            value={draft.every}
            onChange={(event) => set({ every: event.currentTarget.value })}
          />
          <NativeSelect
            aria-label={t("schedule.unit")}
            value={draft.unit}
            data={unitNames.map((value) => ({ value, label: t(`scheduleUnit.${value}`) }))}
            onChange={(event) => set({ unit: oneOf(event.currentTarget.value, unitNames) ?? "hours" })}
          />
        </Group>
      )}
      {draft.kind === "once" && (
        <TextInput
          type="datetime-local"
          label={t("schedule.at")}
          w={240}
          value={draft.at}
          onChange={(event) => set({ at: event.currentTarget.value })}
        />
      )}
      {(draft.kind === "cron" || draft.kind === "interval") && <Limits draft={draft} set={set} />}
      <Upcoming draft={draft} />
    </Stack>
  );
}

function CronFields({ cron, onChange }: { cron: CronBuilder; onChange: (cron: CronBuilder) => void }) {
  const { t } = useTranslation();
  const set = (part: Partial<CronBuilder>) => onChange({ ...cron, ...part });
  const pad = (n: number) => String(n).padStart(2, "0");
  return (
    <Group gap="xs" align="end">
      <NativeSelect
        label={t("schedule.repeat")}
        value={cron.repeat}
        data={repeats.map((value) => ({ value, label: t(`scheduleRepeat.${value}`) }))}
        onChange={(event) => set({ repeat: oneOf(event.currentTarget.value, repeats) ?? "daily" })}
      />
      {cron.repeat === "cron" && (
        <TextInput
          label={t("schedule.expression")}
          description={t("schedule.expressionHint")}
          placeholder="*/15 8-18 * * 1-5"
          w={280}
          value={cron.expression}
          onChange={(event) => set({ expression: event.currentTarget.value })}
        />
      )}
      {cron.repeat === "hourly" && (
        <NativeSelect
          label={t("schedule.minute")}
          value={String(cron.minute)}
          data={Array.from({ length: 60 }, (_, n) => ({ value: String(n), label: `:${pad(n)}` }))}
          onChange={(event) => set({ minute: Number(event.currentTarget.value) })}
        />
      )}
      {cron.repeat === "monthly" && (
        <NativeSelect
          label={t("schedule.dayOfMonth")}
          value={String(cron.day)}
          data={Array.from({ length: 31 }, (_, n) => String(n + 1))}
          onChange={(event) => set({ day: Number(event.currentTarget.value) })}
        />
      )}
      {cron.repeat !== "cron" && cron.repeat !== "hourly" && (
        <TextInput
          type="time"
          label={t("schedule.time")}
          value={`${pad(cron.hour)}:${pad(cron.minute)}`}
          onChange={(event) => {
            const [, hour, minute] = /^(\d\d):(\d\d)/.exec(event.currentTarget.value) ?? [];
            if (hour !== undefined && minute !== undefined) set({ hour: Number(hour), minute: Number(minute) });
          }}
        />
      )}
      {cron.repeat === "weekly" && (
        <Chip.Group
          multiple
          value={cron.weekdays.map(String)}
          onChange={(chosen) => chosen.length > 0 && set({ weekdays: chosen.map(Number).sort() })}
        >
          <Group gap={4}>
            {days.map((day) => (
              <Chip key={day} value={day} size="xs">
                {t(`grants.day.${day}`)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
    </Group>
  );
}

function Limits({ draft, set }: { draft: ScheduleDraft; set: (part: Partial<ScheduleDraft>) => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.calendars.list.queryOptions());
  const calendars = data?.items ?? [];
  return (
    <Group gap="xs" align="end">
      <Select
        label={t("grants.timeZone")}
        data={zones()}
        value={draft.timeZone}
        searchable
        allowDeselect={false}
        w={220}
        onChange={(zone) => zone !== null && set({ timeZone: zone })}
      />
      <TextInput
        type="datetime-local"
        label={t("schedule.startsAt")}
        value={draft.startsAt}
        onChange={(event) => set({ startsAt: event.currentTarget.value })}
      />
      <TextInput
        type="datetime-local"
        label={t("schedule.endsAt")}
        value={draft.endsAt}
        onChange={(event) => set({ endsAt: event.currentTarget.value })}
      />
      {calendars.length > 0 && (
        <MultiSelect
          label={t("schedule.calendars")}
          data={calendars.map(({ id, name }) => ({ value: id, label: displayText(name) }))}
          value={[...draft.calendarIds]}
          clearable
          miw={220}
          onChange={(calendarIds) => set({ calendarIds })}
        />
      )}
    </Group>
  );
}

function Upcoming({ draft }: { draft: ScheduleDraft }) {
  const { t } = useTranslation();
  const text = useScheduleText();
  const parsed = scheduleInput.safeParse(scheduleOf(draft));
  const preview = usePreview(parsed.success ? { schedule: parsed.data } : null);
  if (draft.kind === "none")
    return (
      <Text size="sm" c="dimmed">
        {t("schedule.byHandHint")}
      </Text>
    );
  if (!parsed.success)
    return (
      <Text size="sm" c="dimmed">
        {t("schedule.incomplete")}
      </Text>
    );
  if (preview.isError) {
    // The hub's own sentence says which field of the expression it cannot read.
    const { code, facts } = hubErrorOf(preview.error);
    return (
      <Alert color="red">
        {code === "bad-input" ? displayText(String(facts["fields"] ?? ""), 200) : errorSentence(preview.error)}
      </Alert>
    );
  }
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500}>
        {text(parsed.data)}
      </Text>
      <NextFires fires={preview.data?.fires ?? []} />
    </Stack>
  );
}
