// Days that schedules may leave out, by name.
"use client";
import { ActionIcon, Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { saveCalendar } from "@sallyport/hub/tasks/input";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { type Column, DataTable, TableSkeleton } from "../list/data-table.tsx";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";

type Calendar = Outputs["calendars"]["list"]["items"][number];

export function Calendars() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayChange = useMay("run.start");
  const calendars = useQuery(trpc.calendars.list.queryOptions());
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Calendar | null>(null);
  const remove = useMutation(trpc.calendars.remove.mutationOptions({ onSuccess: () => setRemoving(null) }));
  const columns: Column<Calendar>[] = [
    { key: "name", title: t("scripts.name"), cell: ({ name }) => displayText(name) },
    { key: "days", title: t("calendars.days"), cell: ({ days }) => days.join(" · "), hideOn: "small" },
    { key: "count", title: t("calendars.count"), cell: ({ days }) => days.length, align: "right" },
    {
      key: "remove",
      title: "",
      align: "right",
      cell: (calendar) =>
        mayChange && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("calendars.remove", { name: displayText(calendar.name) })}
            onClick={() => setRemoving(calendar)}
          >
            <IconTrash size={15} />
          </ActionIcon>
        ),
    },
  ];
  return (
    <Panel
      title={t("calendars.title")}
      action={
        mayChange && (
          <Button size="compact-sm" variant="subtle" onClick={() => setAdding(true)}>
            {t("calendars.add")}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("calendars.text")}
        </Text>
        {adding && <AddCalendar onDone={() => setAdding(false)} />}
        {calendars.isError && <Failed error={calendars.error} onRetry={() => void calendars.refetch()} />}
        {calendars.isPending && <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={2} />}
        {calendars.data !== undefined && calendars.data.items.length > 0 && (
          <DataTable
            name={t("calendars.title")}
            rows={calendars.data.items}
            columns={columns}
            rowId={({ id }) => id}
            openRowId={null}
          />
        )}
      </Stack>
      <Confirm
        opened={removing !== null}
        title={t("calendars.remove", { name: displayText(removing?.name ?? "") })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ id: removing.id })}
        onClose={() => setRemoving(null)}
      >
        <Text size="sm">{t("calendars.removeText")}</Text>
      </Confirm>
    </Panel>
  );
}

function AddCalendar({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const add = useMutation(trpc.calendars.add.mutationOptions({ meta: { showsError: true }, onSuccess: onDone }));
  const [text, setText] = useState("");
  const form = useForm(saveCalendar, { name: "", days: [""] }, (calendar) => add.mutate(calendar));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="sm" maw={480}>
        <TextInput
          label={t("scripts.name")}
          value={form.values.name}
          error={form.error("name") ?? (add.isError ? errorSentence(add.error) : undefined)}
          onChange={(event) => form.set("name", event.currentTarget.value)}
        />
        <Textarea
          label={t("calendars.days")}
          description={t("calendars.daysHint")}
          placeholder={"2026-12-25\n2026-12-26"}
          autosize
          minRows={3}
          maxRows={12}
          value={text}
          error={form.error("days") === undefined ? undefined : t("calendars.daysWrong")}
          onChange={(event) => {
            setText(event.currentTarget.value);
            form.set("days", event.currentTarget.value.split(/[\s,;，、]+/).filter(Boolean));
          }}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
