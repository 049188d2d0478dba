// The programs that scripts are given to: those that come with the hub, and what the organisation adds.
"use client";
import { Box, Group, TextInput } from "@mantine/core";
import { addInterpreter } from "@sallyport/hub/scripts/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { KeptFormButtons, KeptList } from "../list/kept-list.tsx";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";

type Row = Outputs["interpreters"]["list"]["items"][number];

export function Interpreters() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayChange = useMay("settings.manage");
  const interpreters = useQuery(trpc.interpreters.list.queryOptions());
  const remove = useMutation(trpc.interpreters.remove.mutationOptions());
  const columns: Column<Row>[] = [
    { key: "label", title: t("scripts.name"), cell: ({ label }) => displayText(label, 60) },
    {
      key: "program",
      title: t("interpreters.program"),
      cell: ({ program }) => <span className="mono">{displayText(program)}</span>,
    },
    {
      key: "from",
      title: t("interpreters.from"),
      cell: ({ builtIn }) => t(builtIn ? "interpreters.builtIn" : "interpreters.added"),
    },
  ];
  return (
    <KeptList
      title={t("interpreters.title")}
      text={t("interpreters.text")}
      query={interpreters}
      columns={columns}
      nameOf={({ label }) => label}
      mayChange={mayChange}
      isFixed={({ builtIn }) => builtIn}
      add={t("interpreters.add")}
      form={(onDone) => <AddInterpreter onDone={onDone} />}
      remove={{
        title: (name) => t("interpreters.remove", { name }),
        text: t("interpreters.removeText"),
        pending: remove.isPending,
        onRemove: ({ id }, onSuccess) => remove.mutate({ id }, { onSuccess }),
      }}
    />
  );
}

function AddInterpreter({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const add = useMutation(trpc.interpreters.add.mutationOptions({ meta: { showsError: true }, onSuccess: onDone }));
  const form = useForm(addInterpreter, { program: "", label: "" }, (interpreter) => add.mutate(interpreter));
  return (
    <form onSubmit={form.submit} noValidate>
      <Group gap="xs" align="start">
        <TextInput
          label={t("interpreters.program")}
          placeholder="ruby"
          value={form.values.program}
          error={form.error("program") ?? (add.isError ? errorSentence(add.error) : undefined)}
          onChange={(event) => form.set("program", event.currentTarget.value)}
        />
        <TextInput
          label={t("scripts.name")}
          placeholder="Ruby"
          value={form.values.label}
          error={form.error("label")}
          onChange={(event) => form.set("label", event.currentTarget.value)}
        />
        <Box mt={24}>
          <KeptFormButtons pending={add.isPending} onCancel={onDone} />
        </Box>
      </Group>
    </form>
  );
}
