// Searching the scrollback of a terminal.
"use client";
import { ActionIcon, CloseButton, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconLetterCase } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LiveState, LiveTerminal } from "./live-terminal.ts";
import classes from "./terminal-pane.module.css";

export function FindBar({ terminal, found }: { terminal: LiveTerminal; found: LiveState["found"] }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [caseSensitive, setCaseSensitive] = useState(false);
  const find = (direction: "next" | "previous") => terminal.find(text, direction, caseSensitive);
  const count = found === null || text === "" ? "" : found.count === 0 ? t("terminal.noMatches") : t("terminal.matches", found);
  return (
    <search className={classes.find}>
      <TextInput
        size="xs"
        w={180}
        value={text}
        placeholder={t("terminal.find")}
        aria-label={t("terminal.find")}
        autoFocus
        onChange={(event) => {
          setText(event.currentTarget.value);
          terminal.find(event.currentTarget.value, "next", caseSensitive);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") find(event.shiftKey ? "previous" : "next");
          if (event.key === "Escape") terminal.setFind(false);
        }}
      />
      <span className={classes.count} aria-live="polite">
        {count}
      </span>
      <Tooltip label={t("terminal.caseSensitive")}>
        <ActionIcon
          size="sm"
          variant={caseSensitive ? "light" : "subtle"}
          color={caseSensitive ? "teal" : "gray"}
          aria-pressed={caseSensitive}
          aria-label={t("terminal.caseSensitive")}
          onClick={() => setCaseSensitive(!caseSensitive)}
        >
          <IconLetterCase size={15} />
        </ActionIcon>
      </Tooltip>
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={t("terminal.findPrevious")}
        onClick={() => find("previous")}
      >
        <IconChevronUp size={15} />
      </ActionIcon>
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("terminal.findNext")} onClick={() => find("next")}>
        <IconChevronDown size={15} />
      </ActionIcon>
      <CloseButton size="sm" aria-label={t("terminal.findClose")} onClick={() => terminal.setFind(false)} />
    </search>
  );
}
