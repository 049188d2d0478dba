// What a run collects from its machines: the paths while they are typed, and what came from one of them.
"use client";
import { Button, Stack, Text, Textarea } from "@mantine/core";
import { artefactPatterns } from "@sallyport/hub/automation/input";
import {
  IconAlertTriangle,
  IconCheck,
  IconDatabaseOff,
  IconDownload,
  IconFileOff,
  IconLock,
  IconPlayerStop,
  IconQuestionMark,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Execution } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./run.module.css";

/** A path a line, as it is sent. */
export const artefactsIn = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

interface RunArtefactsProps {
  text: string;
  onChange: (text: string) => void;
  /** Somebody has tried to start it: what is wrong is said. */
  tried: boolean;
}

export function RunArtefacts({ text, onChange, tried }: RunArtefactsProps) {
  const { t } = useTranslation();
  const isWrong = tried && !artefactPatterns.safeParse(artefactsIn(text)).success;
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("artefacts.hint")}
      </Text>
      <Textarea
        aria-label={t("artefacts.paths")}
        placeholder={"/var/log/app/*.log\n/tmp/report.html"}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        spellCheck={false}
        autosize
        minRows={2}
        maxRows={10}
        value={text}
        error={isWrong ? t("artefacts.bad") : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </Stack>
  );
}

const marks = {
  collected: ["green", IconCheck],
  "beyond-cap": ["amber", IconAlertTriangle],
  unreadable: ["amber", IconLock],
  "no-file": ["amber", IconFileOff],
  "not-there": ["grey", IconQuestionMark],
  "no-room": ["red", IconDatabaseOff],
  stopped: ["grey", IconPlayerStop],
} as const;

/** What one machine gave, what it did not and why; while it comes, how much has. */
export function CollectedFiles({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const { bytes } = useLocale();
  const { artefacts, state } = execution;
  if (artefacts === null) return null;
  const { listed, unlisted } = artefacts;
  if (state !== "finished" && artefacts.bytes === 0) return null;
  return (
    <div className={classes.placed}>
      <div className={classes.collectedHead}>
        <strong>{t("artefacts.title")}</strong>
        {state !== "finished" && <span className={classes.muted}>{t("artefacts.coming", { size: bytes(artefacts.bytes) })}</span>}
        {state === "finished" && artefacts.bytes === 0 && <span className={classes.muted}>{t("artefacts.none")}</span>}
        {state === "finished" && artefacts.bytes > 0 && (
          <Button
            component="a"
            href={`/api/v1/executions/${encodeURIComponent(execution.id)}/artefacts`}
            download
            size="compact-xs"
            variant="default"
            leftSection={<IconDownload size={14} />}
          >
            {t("artefacts.download", { size: bytes(artefacts.bytes) })}
          </Button>
        )}
      </div>
      {listed.length > 0 && (
        <ul>
          {listed.map(({ path, size, state: became }) => {
            const [tone, icon] = marks[became];
            return (
              <li key={`${became} ${path}`}>
                <StateMark tone={tone} icon={icon}>
                  {t(`artefactState.${became}`)}
                </StateMark>
                <span className="mono">{displayText(path, 1_024)}</span>
                {size > 0 && <span className={classes.muted}>{bytes(size)}</span>}
              </li>
            );
          })}
        </ul>
      )}
      {unlisted > 0 && <span className={classes.muted}>{t("artefacts.more", { count: unlisted })}</span>}
    </div>
  );
}
