// The programs that scripts are given to: those that come with the hub, and what the organisation adds.
"use client";
import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { addInterpreter } from "@sallyport/hub/scripts/input";
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

type Row = Outputs["interpreters"]["list"]["items"][number];

export function Interpreters() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayChange = useMay("settings.manage");
  const interpreters = useQuery(trpc.interpreters.list.queryOptions());
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Row | null>(null);
  const remove = useMutation(trpc.interpreters.remove.mutationOptions({ onSuccess: () => setRemoving(null) }));
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
    {
      key: "remove",
      title: "",
      align: "right",
      cell: (row) =>
        mayChange &&
        !row.builtIn && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("interpreters.remove", { name: displayText(row.label) })}
            onClick={() => setRemoving(row)}
          >
            <IconTrash size={15} />
          </ActionIcon>
        ),
    },
  ];
  return (
    <Panel
      title={t("interpreters.title")}
      action={
        mayChange && (
          <Button size="compact-sm" variant="subtle" onClick={() => setAdding(true)}>
            {t("interpreters.add")}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("interpreters.text")}
        </Text>
        {adding && <AddInterpreter onDone={() => setAdding(false)} />}
        {interpreters.isError && <Failed error={interpreters.error} onRetry={() => void interpreters.refetch()} />}
        {interpreters.isPending && <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={4} />}
        {interpreters.data !== undefined && (
          <DataTable
            name={t("interpreters.title")}
            rows={interpreters.data.items}
            columns={columns}
            rowId={({ id }) => id}
            openRowId={null}
          />
        )}
      </Stack>
      <Confirm
        opened={removing !== null}
        title={t("interpreters.remove", { name: displayText(removing?.label ?? "") })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ id: removing.id })}
        onClose={() => setRemoving(null)}
      >
        <Text size="sm">{t("interpreters.removeText")}</Text>
      </Confirm>
    </Panel>
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
        <Group gap="xs" mt={24}>
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Group>
    </form>
  );
}
