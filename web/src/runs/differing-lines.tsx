// In which lines an output differs from another one, the first of them.
"use client";
import { VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPCClient } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { rowWords } from "./log-text.ts";
import classes from "./run.module.css";

interface DifferingLinesProps {
  executionId: string;
  /** The one it is compared with. */
  from: string;
  ignoreNumbers: boolean;
  shown: number;
}

/** Both have ended, so what they printed stays what it was: unlike what else is known of a run, this is not asked for again. */
const useDifference = ({ executionId: id, from, ignoreNumbers }: DifferingLinesProps) => {
  const client = useTRPCClient();
  return useQuery({
    queryKey: ["output-difference", id, from, ignoreNumbers],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => client.runs.difference.query({ id, from, ignoreNumbers }, { signal }),
  });
};

export function DifferingLines(props: DifferingLinesProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const { data, error } = useDifference(props);
  if (error !== null) return <span className={classes.differenceNote}>{errorSentence(error)}</span>;
  if (data === undefined) return <span className={classes.differenceNote}>…</span>;
  const lines = data.lines.slice(0, props.shown);
  const more = data.lines.length - lines.length + data.more;
  const note = [
    ...(data.unlike ? [t("compare.unlike")] : []),
    ...(more > 0 ? [t("compare.moreLines", { count: more, shown: count(more) })] : []),
    ...(data.lines.length === 0 && !data.unlike ? [t(data.cut ? "compare.sameBeginning" : "compare.sameLines")] : []),
  ];
  return (
    <span className={classes.difference}>
      {lines.map(({ stream, change, text }, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names, and never change their order
        <span key={n} className={classes.changedLine} data-change={change}>
          <VisuallyHidden>{t(`lineChange.${change}`)}</VisuallyHidden>
          <span aria-hidden>{change === "added" ? "+" : "−"}</span>
          <span>
            {stream === "stderr" && <i>stderr </i>}
            {displayText(rowWords(text), 300) || " "}
          </span>
        </span>
      ))}
      {note.length > 0 && <span className={classes.differenceNote}>{note.join(" ")}</span>}
    </span>
  );
}
