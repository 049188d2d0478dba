// What a run ran: the script as it was sent, its arguments, environment and limits.
"use client";
import { useTranslation } from "react-i18next";
import type { RunDetail } from "../api/types.ts";
import { CopyIcon, ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./run.module.css";

export function RunScript({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const lines = run.body.split("\n").map((line) => displayText(line.replaceAll("\t", "    "), 4096));
  return (
    <div className={classes.scriptColumns}>
      <Panel title={t("run.script")} action={<CopyIcon text={run.body} />} flush>
        <pre className={classes.script}>{lines.join("\n")}</pre>
      </Panel>
      <Panel title={t("run.details")}>
        <Facts
          items={[
            ["ID", <ShortId key="id" id={run.id} />],
            [
              t("newRun.interpreter"),
              <span key="interpreter" className="mono">
                {run.interpreter}
              </span>,
            ],
            [
              t("newRun.arguments"),
              run.args.length === 0 ? (
                "–"
              ) : (
                <ol key="arguments" className={classes.arguments}>
                  {run.args.map(argumentLine)}
                </ol>
              ),
            ],
            [
              t("newRun.environment"),
              Object.keys(run.env).length === 0
                ? "–"
                : Object.entries(run.env).map(([name, value]) => <Argument key={name} text={`${name}=${value}`} />),
            ],
            [t("run.timeLimit"), duration(run.timeoutSeconds * 1000)],
            [
              t("run.hash"),
              <span key="hash" className="mono">
                {displayText(run.scriptHash)}
              </span>,
            ],
          ]}
        />
      </Panel>
    </div>
  );
}

/** The same word may be given twice, so its place is what tells arguments apart. */
function argumentLine(text: string, place: number) {
  return (
    <li key={place}>
      <Argument text={text} />
    </li>
  );
}

function Argument({ text }: { text: string }) {
  return <div className="mono">{displayText(text)}</div>;
}
