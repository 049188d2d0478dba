// Things that an administrator adds, tests, changes and removes, a line each; the form of one opens at the side.
"use client";
import { Button, Drawer, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Confirm } from "./confirm.tsx";
import { displayText } from "./display-text.ts";
import classes from "./managed-lines.module.css";
import { Failed } from "./page-states.tsx";
import { Panel } from "./panel.tsx";
import { PanelSkeleton } from "./panel-skeleton.tsx";

interface Named {
  id: string;
  name: string;
}

interface ManagedLinesProps<T extends Named> {
  title: string;
  /** What the button that opens an empty form says. */
  add: string;
  empty: string;
  /** Above the lines. */
  note?: ReactNode;
  query: { isError: boolean; error: unknown; data: { items: readonly T[] } | undefined; refetch: () => unknown };
  line: (item: T, onChange: () => void) => ReactNode;
  /** Of a new one when there is no item. */
  form: (item: T | null, onDone: () => void) => ReactNode;
}

export function ManagedLines<T extends Named>({ title, add, empty, note, query, line, form }: ManagedLinesProps<T>) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<T | "new" | null>(null);
  const item = open === "new" ? null : open;
  return (
    <Panel
      title={title}
      action={
        <Button size="xs" variant="default" onClick={() => setOpen("new")}>
          {add}
        </Button>
      }
    >
      {note}
      {query.isError ? (
        <Failed error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data === undefined ? (
        <PanelSkeleton />
      ) : query.data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      ) : (
        query.data.items.map((one) => line(one, () => setOpen(one)))
      )}
      <Drawer
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={item === null ? add : displayText(item.name)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {open !== null && form(item, () => setOpen(null))}
      </Drawer>
    </Panel>
  );
}

interface ManagedLineProps {
  name: string;
  active: boolean;
  /** Behind the name of one that is not active. */
  off: string;
  /** Below the name. */
  children: ReactNode;
  /** Before the buttons that every line has. */
  buttons?: ReactNode;
  test: { label: string; pending: boolean; onTest: () => void };
  change: { label: string; onChange: () => void };
  remove: { title: string; text: string; pending: boolean; onRemove: (onRemoved: () => void) => void };
}

export function ManagedLine({ name, active, off, children, buttons, test, change, remove }: ManagedLineProps) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  return (
    <div className={classes.line}>
      <Stack className={classes.words} gap={2}>
        <Text size="sm" truncate>
          {name}
          {!active && ` (${off})`}
        </Text>
        {children}
      </Stack>
      {buttons}
      <Button size="compact-sm" variant="default" loading={test.pending} onClick={test.onTest}>
        {test.label}
      </Button>
      <Button size="compact-sm" variant="default" onClick={change.onChange}>
        {change.label}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {t("action.delete")}
      </Button>
      <Confirm
        opened={asking}
        title={remove.title}
        action={t("action.delete")}
        pending={remove.pending}
        onConfirm={() => remove.onRemove(() => setAsking(false))}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{remove.text}</Text>
      </Confirm>
    </div>
  );
}
