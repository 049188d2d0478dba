// Machines that ended alike and printed the same, as a line of the comparison: how many, how they ended, and what is different there.
"use client";
import { useInViewport } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Outputs } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { DifferingLines } from "./differing-lines.tsx";
import { ExecutionMark } from "./execution-mark.tsx";
import classes from "./run.module.css";

export type OutputGroup = Outputs["runs"]["compare"]["groups"][number];

/** The rest is on the right when the group is chosen. */
const shownLines = 3;

interface GroupButtonProps {
  group: OutputGroup;
  /** The group it is compared with; null for that group itself, and where there is nothing to compare. */
  most: OutputGroup | null;
  ignoreNumbers: boolean;
  pressed: boolean;
  onChoose: () => void;
}

export function GroupButton({ group, most, ignoreNumbers, pressed, onChoose }: GroupButtonProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const { ref, inViewport } = useInViewport<HTMLButtonElement>();
  // Each costs the hub two outputs: only what somebody has scrolled to is asked for, and it stays.
  const [seen, setSeen] = useState(false);
  if (inViewport && !seen) setSeen(true);
  return (
    <button
      ref={ref}
      type="button"
      className={classes.outputGroup}
      data-chosen={pressed || undefined}
      aria-pressed={pressed}
      onClick={onChoose}
    >
      <span className={classes.outputGroupHead}>
        <span className="truncate">
          <b className="tabular">{count(group.count)}</b>{" "}
          {group.count === 1 ? displayText(group.assetName) : t("compare.like", { name: displayText(group.assetName) })}
        </span>
        <span className={classes.executionReason}>
          <ExecutionMark execution={{ state: "finished", ...group }} />
        </span>
      </span>
      {group.digest === null && <span className={classes.differenceNote}>{t("compare.notComparable")}</span>}
      {group.digest !== null && most !== null && seen && (
        <DifferingLines
          executionId={group.executionId}
          from={most.executionId}
          ignoreNumbers={ignoreNumbers}
          shown={shownLines}
        />
      )}
    </button>
  );
}
