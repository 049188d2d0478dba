// What a terminal asks before it acts: several lines to paste, a link to open.
"use client";
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";
import type { Question } from "./live-terminal.ts";
import classes from "./terminal-pane.module.css";

/** Enough to judge a paste by; all of it would make the page slow. */
const previewLines = 200;

export function TerminalQuestion({ question, onAnswer }: { question: Question; onAnswer: (yes: boolean) => void }) {
  const { t } = useTranslation();
  const isPaste = question.kind === "paste";
  const lines = isPaste ? question.text.split(/\r\n|\r|\n/) : [];
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  return (
    <Modal
      opened
      onClose={() => onAnswer(false)}
      title={isPaste ? t("terminal.pasteTitle") : t("terminal.linkTitle")}
      closeButtonProps={{ "aria-label": t("action.close") }}
      returnFocus={false}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {isPaste ? t("terminal.pasteText", { count }) : t("terminal.linkText")}
        </Text>
        <pre className={classes.preview}>
          {isPaste
            ? lines
                .slice(0, previewLines)
                .map((line) => displayText(line.replaceAll("\t", "    "), 500))
                .join("\n")
            : displayText(question.address, 2000)}
        </pre>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => onAnswer(false)}>
            {t("action.cancel")}
          </Button>
          <Button onClick={() => onAnswer(true)} data-autofocus>
            {isPaste ? t("terminal.paste") : t("terminal.openLink")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
