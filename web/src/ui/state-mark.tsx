// A state: colour, word and icon together, so that none of the three has to be trusted alone.
import type { TablerIcon } from "@tabler/icons-react";
import classes from "./state-mark.module.css";

export type Tone = "green" | "amber" | "red" | "blue" | "grey";

export function StateMark({
  tone,
  icon: Icon,
  children,
  pulse = false,
}: {
  tone: Tone;
  icon: TablerIcon;
  children: string;
  pulse?: boolean;
}) {
  return (
    <span className={classes.mark} data-tone={tone}>
      <Icon size={14} stroke={2} className={pulse ? classes.pulse : undefined} aria-hidden />
      {children}
    </span>
  );
}
