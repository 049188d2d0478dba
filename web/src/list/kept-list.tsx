// A short list of things that an organisation keeps by name: what they are, the table of them, adding one above it and removing one.
"use client";
import { ActionIcon, Button, Group, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { type Column, DataTable, TableSkeleton } from "./data-table.tsx";

interface KeptListProps<T extends { id: string }> {
  title: string;
  /** What such things are for. */
  text: string;
  query: { isError: boolean; error: unknown; data: { items: readonly T[] } | undefined; refetch: () => unknown };
  columns: readonly Column<T>[];
  nameOf: (item: T) => string;
  mayChange: boolean;
  /** Those that came with the hub stay. */
  isFixed?: (item: T) => boolean;
  add: string;
  form: (onDone: () => void) => ReactNode;
  remove: {
    title: (name: string) => string;
    text: string;
    pending: boolean;
    onRemove: (item: T, onRemoved: () => void) => void;
  };
}

export function KeptList<T extends { id: string }>({
  title,
  text,
  query,
  columns: shown,
  nameOf,
  mayChange,
  isFixed = () => false,
  add,
  form,
  remove,
}: KeptListProps<T>) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<T | null>(null);
  const removeTitle = (item: T | null) => remove.title(displayText(item === null ? "" : nameOf(item)));
  const columns: Column<T>[] = [
    ...shown,
    {
      key: "remove",
      title: "",
      align: "right",
      cell: (item) =>
        mayChange &&
        !isFixed(item) && (
          <ActionIcon variant="subtle" color="gray" aria-label={removeTitle(item)} onClick={() => setRemoving(item)}>
            <IconTrash size={15} />
          </ActionIcon>
        ),
    },
  ];
  return (
    <Panel
      title={title}
      action={
        mayChange && (
          <Button size="compact-sm" variant="subtle" onClick={() => setAdding(true)}>
            {add}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {text}
        </Text>
        {adding && form(() => setAdding(false))}
        {query.isError ? (
          <Failed error={query.error} onRetry={() => void query.refetch()} />
        ) : query.data === undefined ? (
          <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={2} />
        ) : (
          query.data.items.length > 0 && (
            <DataTable name={title} rows={query.data.items} columns={columns} rowId={({ id }) => id} openRowId={null} />
          )
        )}
      </Stack>
      <Confirm
        opened={removing !== null}
        title={removeTitle(removing)}
        action={t("action.delete")}
        pending={remove.pending}
        onConfirm={() => removing !== null && remove.onRemove(removing, () => setRemoving(null))}
        onClose={() => setRemoving(null)}
      >
        <Text size="sm">{remove.text}</Text>
      </Confirm>
    </Panel>
  );
}

/** The end of a form that stands in the list. */
export function KeptFormButtons({ pending, onCancel }: { pending: boolean; onCancel: () => void }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Button variant="default" onClick={onCancel}>
        {t("action.cancel")}
      </Button>
      <Button type="submit" loading={pending}>
        {t("action.save")}
      </Button>
    </Group>
  );
}
