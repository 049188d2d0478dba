// A line that a rule holds back: what it is, why, whom it waits for, and what the person can do. It lies over the half of the screen where the cursor is not.
"use client";
import { Anchor, Button } from "@mantine/core";
import { IconAlertTriangle, IconClock, IconHandStop } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { displayLines, displayText } from "../ui/display-text.ts";
import classes from "./line-bar.module.css";
import type { LineState } from "./socket-messages.ts";

type Held = Exclude<LineState, { state: "free" }>;

interface LineBarProps {
  line: Held;
  /** The cursor is in the lower half. */
  low: boolean;
  /** Whoever only watches decides nothing here. */
  mine: boolean;
  onAnswer: (go: boolean) => void;
}

const icons = { warned: IconAlertTriangle, waiting: IconClock, refused: IconHandStop };

export function LineBar({ line, low, mine, onAnswer }: LineBarProps) {
  const { t } = useTranslation();
  const Icon = icons[line.state];
  const says = displayText(line.says, 300);
  return (
    <div className={classes.bar} data-state={line.state} data-low={low} role={line.state === "waiting" ? "status" : "alert"}>
      <Icon size={18} className={classes.icon} aria-hidden />
      <div className={classes.words}>
        <p className={classes.headline}>{headline(line, t)}</p>
        <code className={classes.line}>{line.line === "" ? t("terminal.lineUnseen") : displayLines(line.line)}</code>
        <p className={classes.detail}>
          {line.rule !== "" && `${t("terminal.lineBy", { rule: displayText(line.rule, 200) })} `}
          {says !== "" && `${says} `}
          {mine && hint(line, t)}
        </p>
      </div>
      {mine && (
        <div className={classes.actions}>
          {line.state === "warned" && (
            <Button size="compact-sm" color="red" onClick={() => onAnswer(true)}>
              {t("terminal.runIt")}
            </Button>
          )}
          {line.state !== "refused" && (
            <Button size="compact-sm" variant="default" onClick={() => onAnswer(false)}>
              {t("terminal.giveUp")}
            </Button>
          )}
          {line.state === "waiting" && (
            <Anchor component={Link} size="xs" href={`/ticket?id=${line.ticketId}`}>
              {t("terminal.showRequest")}
            </Anchor>
          )}
        </div>
      )}
    </div>
  );
}

function headline(line: Held, t: TFunction): string {
  switch (line.state) {
    case "warned":
      return t("terminal.lineWarned");
    case "refused":
      return t(`lineHeldBack.${line.why}`);
    case "waiting":
      return line.deciders.length === 0
        ? t("terminal.lineWaitsForNobody")
        : t("terminal.lineWaits", { deciders: namesOf(line.deciders) });
  }
}

function hint({ state }: Held, t: TFunction): string {
  switch (state) {
    case "warned":
      return t("terminal.lineWarnedHint");
    case "refused":
      return t("terminal.lineHeldBackHint");
    case "waiting":
      return t("terminal.lineWaitsHint");
  }
}

/** A few are named; whoever wants to know all of them looks at the request. */
const namesOf = (names: readonly string[]): string =>
  names
    .slice(0, 4)
    .map((name) => displayText(name, 60))
    .join(", ") + (names.length > 4 ? " …" : "");
