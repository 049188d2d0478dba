// Files that a run places on its machines: which, where, and how far they are.
"use client";
import { ActionIcon, Anchor, Button, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { fileToPlace } from "@sallyport/hub/automation/input";
import { filesPerRunMax } from "@sallyport/protocol/limits";
import { IconCheck, IconClock, IconEqual, IconPlus, IconRefresh, IconShieldQuestion, IconX } from "@tabler/icons-react";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import type { Execution, RunDetail } from "../api/types.ts";
import { FileSelect } from "../files/file-select.tsx";
import { displayText } from "../ui/display-text.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./run.module.css";
import { type FileDraft, filesOf, newFile } from "./run-files-draft.ts";

interface RunFilesProps {
  files: readonly FileDraft[];
  onChange: (files: readonly FileDraft[]) => void;
  /** Somebody has tried to start it: what is wrong is said. */
  tried: boolean;
}

export function RunFiles({ files, onChange, tried }: RunFilesProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("runFiles.hint")}{" "}
        <Anchor component={Link} href="/files" size="sm" underline="always">
          {t("runFiles.toFiles")}
        </Anchor>
      </Text>
      {files.map((file, index) => (
        <OneFile
          key={file.key}
          n={index + 1}
          file={file}
          tried={tried}
          onChange={(changed) => onChange(files.map((other) => (other.key === file.key ? changed : other)))}
          onRemove={() => onChange(files.filter(({ key }) => key !== file.key))}
        />
      ))}
      {files.length < filesPerRunMax && (
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...files, newFile()])}
          style={{ alignSelf: "flex-start" }}
        >
          {t("runFiles.add")}
        </Button>
      )}
    </Stack>
  );
}

/** What is typed, not its label. */
const monospace = { input: { fontFamily: "var(--mantine-font-family-monospace)" } };

interface OneFileProps {
  n: number;
  file: FileDraft;
  tried: boolean;
  onChange: (file: FileDraft) => void;
  onRemove: () => void;
}

function OneFile({ n, file, tried, onChange, onRemove }: OneFileProps) {
  const { t } = useTranslation();
  const [sent] = filesOf([file]);
  const checked = fileToPlace.safeParse(sent);
  const wrong = (field: keyof FileDraft) =>
    tried && !checked.success && checked.error.issues.some(({ path }) => path[0] === field);
  const set = (parts: Partial<FileDraft>) => onChange({ ...file, ...parts });
  return (
    <fieldset className={classes.oneFile} aria-label={t("runFiles.fileN", { n })}>
      <Group align="flex-start" wrap="nowrap" gap="xs">
        <Stack gap="xs" flex={1} miw={0}>
          <FileSelect
            label={t("files.file")}
            value={file.fileId}
            error={wrong("fileId") ? t("runFiles.chooseFile") : undefined}
            onChange={(chosen) =>
              set({ fileId: chosen?.id ?? null, ...(file.path === "" && chosen !== null ? { path: `/tmp/${chosen.name}` } : {}) })
            }
          />
          <TextInput
            label={t("runFiles.path")}
            styles={monospace}
            placeholder="/etc/app/app.conf"
            value={file.path}
            error={wrong("path") && t("runFiles.badPath")}
            onChange={(event) => set({ path: event.currentTarget.value })}
          />
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs">
            <TextInput
              label={t("runFiles.mode")}
              styles={monospace}
              value={file.mode}
              error={wrong("mode") && t("runFiles.badMode")}
              onChange={(event) => set({ mode: event.currentTarget.value })}
            />
            <TextInput
              label={t("runFiles.owner")}
              placeholder={t("runFiles.asIs")}
              value={file.owner}
              error={wrong("owner") && t("runFiles.badOwner")}
              onChange={(event) => set({ owner: event.currentTarget.value })}
            />
            <TextInput
              label={t("runFiles.group")}
              placeholder={t("runFiles.asIs")}
              value={file.group}
              error={wrong("group") && t("runFiles.badOwner")}
              onChange={(event) => set({ group: event.currentTarget.value })}
            />
            <NativeSelect
              label={t("runFiles.existing")}
              value={file.existing}
              data={[
                { value: "replace", label: t("runFiles.replace") },
                { value: "keep", label: t("runFiles.keep") },
              ]}
              onChange={(event) => set({ existing: event.currentTarget.value === "keep" ? "keep" : "replace" })}
            />
          </SimpleGrid>
        </Stack>
        <ActionIcon variant="subtle" color="gray" aria-label={t("runFiles.remove", { n })} onClick={onRemove}>
          <IconX size={15} />
        </ActionIcon>
      </Group>
    </fieldset>
  );
}

const marks = {
  placed: ["green", IconCheck],
  unchanged: ["grey", IconEqual],
  kept: ["grey", IconEqual],
  unchecked: ["amber", IconShieldQuestion],
  coming: ["blue", IconRefresh],
  waiting: ["grey", IconClock],
  not: ["red", IconX],
} as const;

/** What became of each file on one machine, and while they come, how much has. */
export function PlacedFiles({ files, execution }: { files: RunDetail["files"]; execution: Execution }) {
  const { t } = useTranslation();
  const { bytes } = useLocale();
  const { placing, state } = execution;
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const placed = placing?.files ?? [];
  const stateOf = (n: number): keyof typeof marks => {
    const done = placed[n];
    if (done !== undefined) return done.unchecked ? "unchecked" : done.state;
    if (state === "finished") return "not";
    return n === placed.length && state === "claimed" ? "coming" : "waiting";
  };
  return (
    <div className={classes.placed}>
      {state === "claimed" && placing !== null && (
        <span className={classes.progress} data-wide>
          <span
            className={classes.bar}
            role="progressbar"
            aria-label={t("runFiles.progress")}
            aria-valuemin={0}
            aria-valuemax={total}
            aria-valuenow={placing.bytes}
          >
            <span style={{ width: `${(placing.bytes / Math.max(1, total)) * 100}%`, background: "var(--sp-blue)" }} />
          </span>
          <span className="tabular">{t("files.progress", { sent: bytes(placing.bytes), size: bytes(total) })}</span>
        </span>
      )}
      <ul>
        {files.map((file, n) => {
          const word = stateOf(n);
          const [tone, icon] = marks[word];
          return (
            <li key={file.variable ?? file.path}>
              <StateMark tone={tone} icon={icon} pulse={word === "coming"}>
                {t(`placedState.${word}`)}
              </StateMark>
              <span className="mono">{displayText(file.variable === undefined ? file.path : `$${file.variable}`)}</span>
              <span className={classes.muted}>
                {displayText(file.name)} · {bytes(file.sizeBytes)} · {file.mode}
                {file.owner !== "" && ` · ${displayText(file.owner)}`}
                {file.group !== "" && `:${displayText(file.group)}`}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
