// Short lists on the home page: runs and live sessions, one line each.
"use client";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import type { RunSummary, SessionSummary } from "../api/types.ts";
import { RunMark } from "../runs/run-mark.tsx";
import { RunProgress } from "../runs/run-progress.tsx";
import { SessionMark } from "../sessions/session-mark.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import classes from "./home.module.css";

export function RunLines({ runs, none }: { runs: readonly RunSummary[]; none: string }) {
  const { t } = useTranslation();
  if (runs.length === 0) return <p className={classes.none}>{none}</p>;
  return (
    <ul className={classes.lines}>
      {runs.map((run) => (
        <li key={run.id}>
          <Link href={`/run?id=${run.id}`} className={classes.line}>
            <span className={`${classes.lineName} truncate`}>{displayText(run.title, 80) || t("runs.untitled")}</span>
            {run.state === "finished" ? <RunMark run={run} /> : <RunProgress counts={run.counts} />}
            <span className={classes.lineDetail}>
              <Moment at={run.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function SessionLines({ sessions, none }: { sessions: readonly SessionSummary[]; none: string }) {
  if (sessions.length === 0) return <p className={classes.none}>{none}</p>;
  return (
    <ul className={classes.lines}>
      {sessions.map((session) => (
        <li key={session.id}>
          <Link href={`/session?id=${session.id}`} className={classes.line}>
            <span className={`${classes.lineName} truncate`}>{displayText(session.asset.name)}</span>
            <SessionMark session={session} />
            <span className={`${classes.lineDetail} truncate`}>
              {displayText(session.user.name, 40)} · <RunningTime since={session.startedAt} until={session.endedAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
