// Days that schedules may leave out, by name.
"use client";
import { Stack, Textarea, TextInput } from "@mantine/core";
import { saveCalendar } from "@sallyport/hub/tasks/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { KeptFormButtons, KeptList } from "../list/kept-list.tsx";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";

type Calendar = Outputs["calendars"]["list"]["items"][number];

export function Calendars() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayChange = useMay("run.start");
  const calendars = useQuery(trpc.calendars.list.queryOptions());
  const remove = useMutation(trpc.calendars.remove.mutationOptions());
  const columns: Column<Calendar>[] = [
    { key: "name", title: t("scripts.name"), cell: ({ name }) => displayText(name) },
    { key: "days", title: t("calendars.days"), cell: ({ days }) => days.join(" · "), hideOn: "small" },
    { key: "count", title: t("calendars.count"), cell: ({ days }) => days.length, align: "right" },
  ];
  return (
    <KeptList
      title={t("calendars.title")}
      text={t("calendars.text")}
      query={calendars}
      columns={columns}
      nameOf={({ name }) => name}
      mayChange={mayChange}
      add={t("calendars.add")}
      form={(onDone) => <AddCalendar onDone={onDone} />}
      remove={{
        title: (name) => t("calendars.remove", { name }),
        text: t("calendars.removeText"),
        pending: remove.isPending,
        onRemove: ({ id }, onSuccess) => remove.mutate({ id }, { onSuccess }),
      }}
    />
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
        <KeptFormButtons pending={add.isPending} onCancel={onDone} />
      </Stack>
    </form>
  );
}
