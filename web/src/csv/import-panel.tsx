// A file of rows, brought in: dropped or chosen, tried first, what is wrong with it as a table, and then done.
"use client";
import { Alert, Anchor, Button, Drawer, FileButton, Group, Stack, Table, Text } from "@mantine/core";
import { csvBytesMax, csvRowsMax } from "@sallyport/hub/csv/input";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import type { Outputs } from "../api/types.ts";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./import-panel.module.css";

/** What every import tells; some tell more. */
export type ImportReport = Outputs["assets"]["import"];
type ImportFile = { csv: string; apply: boolean };

interface ImportPanelProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What the import does with rows, and what it leaves alone. */
  text: string;
  /** The file to begin with: columns, and a row that shows how each is written. */
  template: { name: string; columns: readonly string[]; row: readonly string[] };
  send: (file: ImportFile) => Promise<ImportReport>;
  /** What else is to be chosen before it is done. */
  options?: ReactNode;
  onDone: () => void;
}

export function ImportPanel({ opened, onClose, title, ...rest }: ImportPanelProps) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={title} size="xl" closeButtonProps={{ "aria-label": t("action.close") }}>
      <Import onClose={onClose} {...rest} />
    </Drawer>
  );
}

function Import({ onClose, text, template, send, options, onDone }: Omit<ImportPanelProps, "opened" | "title">) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const [file, setFile] = useState<{ name: string; csv: string } | null>(null);
  const [over, setOver] = useState(false);
  const [tooLarge, setTooLarge] = useState(false);
  const tried = useMutation({ mutationFn: (csv: string) => send({ csv, apply: false }), meta: { showsError: true } });
  const applied = useMutation({
    mutationFn: (csv: string) => send({ csv, apply: true }),
    meta: { showsError: true },
    onSuccess: (report) => {
      if (!report.applied) return;
      showToast("done", t("csv.done", { created: count(report.created), changed: count(report.changed) }));
      onDone();
      onClose();
    },
  });
  const take = async (chosen: File | null | undefined) => {
    if (!chosen) return;
    applied.reset();
    tried.reset();
    setTooLarge(chosen.size > csvBytesMax);
    if (chosen.size > csvBytesMax) return setFile(null);
    const csv = await chosen.text();
    setFile({ name: chosen.name, csv });
    tried.mutate(csv);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  const report = applied.data ?? tried.data;
  const error = applied.error ?? tried.error;
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {text}
      </Text>
      <section
        className={classes.zone}
        aria-label={t("csv.drop")}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Text size="sm">{file === null ? t("csv.drop") : displayText(file.name, 100)}</Text>
        <FileButton accept=".csv,text/csv" onChange={(chosen) => void take(chosen)}>
          {(props) => (
            <Button {...props} variant="default" size="xs">
              {t("csv.choose")}
            </Button>
          )}
        </FileButton>
        <Text size="xs" c="dimmed">
          {t("csv.limits", { rows: count(csvRowsMax), megabytes: csvBytesMax / 1024 / 1024 })}
        </Text>
      </section>
      <Anchor size="sm" href={templateLink(template)} download={template.name}>
        {t("csv.template")}
      </Anchor>
      {tooLarge && (
        <Alert color="red" role="alert">
          {t("csv.tooLarge")}
        </Alert>
      )}
      {error !== null && (
        <Alert color="red" role="alert">
          {errorSentence(error)}
        </Alert>
      )}
      {tried.isPending && (
        <Text size="sm" role="status">
          {t("csv.trying")}
        </Text>
      )}
      {report !== undefined && <Report report={report} />}
      {options}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("action.cancel")}
        </Button>
        <Button
          disabled={file === null || report === undefined || report.errorsTotal > 0 || report.created + report.changed === 0}
          loading={applied.isPending}
          onClick={() => file !== null && applied.mutate(file.csv)}
        >
          {t("csv.apply")}
        </Button>
      </Group>
    </Stack>
  );
}

function Report({ report }: { report: ImportReport }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const { created, changed, unchanged, errors, errorsTotal } = report;
  if (errorsTotal === 0)
    return (
      <Alert color="teal" role="status">
        {t("csv.would", { created: count(created), changed: count(changed), unchanged: count(unchanged) })}
      </Alert>
    );
  return (
    <Stack gap="xs">
      <Alert color="red" role="alert">
        {t("csv.wrong", { count: errorsTotal })}
      </Alert>
      <Table.ScrollContainer minWidth={560} mah={420}>
        <Table aria-label={t("csv.report")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("csv.line")}</Table.Th>
              <Table.Th>{t("csv.column")}</Table.Th>
              <Table.Th>{t("csv.value")}</Table.Th>
              <Table.Th>{t("csv.what")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {errors.map((error, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a report does not change
              <Table.Tr key={n}>
                <Table.Td className="tabular">{error.line}</Table.Td>
                <Table.Td className="mono">{error.field === null ? "–" : displayText(error.field)}</Table.Td>
                <Table.Td className="mono">{displayText(error.value, 60)}</Table.Td>
                <Table.Td>
                  {t(`csvProblem.${error.code}`)} {hintOf(error.code, error.field)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {errors.length < errorsTotal && (
        <Text size="xs" c="dimmed">
          {t("csv.more", { shown: count(errors.length), total: count(errorsTotal) })}
        </Text>
      )}
    </Stack>
  );
}

/** How the column is written, for who wrote it otherwise. */
const hintOf = (code: string, field: string | null): string =>
  (code === "wrong" || code === "missing") && field !== null && Object.hasOwn(en.csvHint, field)
    ? lookUp(`csvHint.${field}`, {})
    : "";

function templateLink({ columns, row }: ImportPanelProps["template"]): string {
  const line = (cells: readonly string[]) => `${cells.map((cell) => (/[",;]/.test(cell) ? `"${cell}"` : cell)).join(",")}\r\n`;
  return `data:text/csv;charset=utf-8,${encodeURIComponent(`\ufeff${line(columns)}${line(row)}`)}`;
}
