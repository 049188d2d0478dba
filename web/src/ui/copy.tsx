// Copying to the clipboard, with a word that it happened.
"use client";
import { ActionIcon, Button, type ButtonProps, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./copy.module.css";
import { displayText } from "./display-text.ts";

/** An id cut to its prefix and last six characters; a click copies the whole. */
export function ShortId({ id }: { id: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 1200 });
  const short = displayText(`${id.slice(0, id.indexOf("_") + 1)}…${id.slice(-6)}`);
  return (
    <Tooltip label={clipboard.copied ? t("action.copied") : id}>
      <button
        type="button"
        className={classes.id}
        aria-label={t("id.copy", { id: short })}
        onClick={(event) => {
          event.stopPropagation();
          clipboard.copy(id);
        }}
      >
        {short}
      </button>
    </Tooltip>
  );
}

export function CopyButton({ text, label, ...button }: { text: string; label: string } & ButtonProps) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Button
      leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      onClick={() => clipboard.copy(text)}
      {...button}
    >
      {clipboard.copied ? t("action.copied") : label}
    </Button>
  );
}

export function CopyIcon({ text }: { text: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Tooltip label={clipboard.copied ? t("action.copied") : t("action.copy")}>
      <ActionIcon variant="subtle" color="gray" aria-label={t("action.copy")} onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}
