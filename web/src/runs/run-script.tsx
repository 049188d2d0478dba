// What a run ran: the script as it was sent, its arguments, environment and limits.
"use client";
import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { RunDetail } from "../api/types.ts";
import { RefusedTargets } from "../tasks/resolved-targets.tsx";
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
  const parameters = Object.entries(run.parameters);
  return (
    <div className={classes.scriptColumns}>
      {run.interpreter === "" ? (
        <Panel title={t("newRun.files")}>
          <Text size="sm">{t("runFiles.noScript")}</Text>
        </Panel>
      ) : (
        <Panel title={t("run.script")} action={<CopyIcon text={run.body} />} flush>
          <pre className={classes.script}>{lines.join("\n")}</pre>
        </Panel>
      )}
      <div className={classes.formSide}>
        <Panel title={t("run.details")}>
          <Facts
            items={[
              ["ID", <ShortId key="id" id={run.id} />],
              [t("run.trigger"), t(`trigger.${run.trigger}`)],
              ...(run.ticketId === null
                ? []
                : ([
                    [
                      t("run.request"),
                      <Anchor key="request" component={Link} size="sm" href={`/ticket?id=${run.ticketId}`}>
                        {displayText(run.title)}
                      </Anchor>,
                    ],
                  ] as const)),
              ...(run.taskId === null ? [] : ([[t("tasks.task"), <TaskLink key="task" id={run.taskId} />]] as const)),
              ...(run.script === null
                ? []
                : ([
                    [
                      t("scripts.script"),
                      <Anchor key="script" component={Link} size="sm" href={`/script?id=${run.script.id}`}>
                        {displayText(run.script.name)} · {t("scripts.versionN", { n: run.script.version })}
                      </Anchor>,
                    ],
                  ] as const)),
              ...(parameters.length === 0
                ? []
                : ([
                    [
                      t("parameters.title"),
                      parameters.map(([name, value]) => (
                        <Argument key={name} text={`${name}=${Array.isArray(value) ? value.join(", ") : String(value)}`} />
                      )),
                    ],
                  ] as const)),
              [
                t("newRun.interpreter"),
                <span key="interpreter" className="mono">
                  {run.interpreter || "–"}
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
              ...(run.artefacts.length === 0
                ? []
                : ([[t("artefacts.toCollect"), run.artefacts.map((path) => <Argument key={path} text={path} />)]] as const)),
              [t("limits.account"), run.account === "@agent" ? "–" : displayText(run.account)],
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
        {run.refused.length > 0 && (
          <Panel title={t("run.refusedTitle")}>
            <RefusedTargets refused={run.refused} total={run.refused.length} />
          </Panel>
        )}
      </div>
    </div>
  );
}

/** By its name; by its id for who may not see it any more. */
function TaskLink({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.tasks.get.queryOptions({ id }));
  return (
    <Anchor component={Link} size="sm" href={`/task?id=${id}`}>
      {data === undefined ? displayText(id) : displayText(data.name)}
    </Anchor>
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
