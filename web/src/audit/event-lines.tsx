// Audit events as a short list of sentences, for panels.
"use client";
import { useTranslation } from "react-i18next";
import type { AuditEvent } from "../api/types.ts";
import { Moment } from "../ui/moment.tsx";
import classes from "./audit.module.css";
import { eventSentence } from "./event-sentence.ts";

export function EventLines({ events }: { events: readonly AuditEvent[] }) {
  const { t } = useTranslation();
  return (
    <ol className={classes.lines}>
      {events.map((event) => (
        <li key={event.id}>
          <span>{eventSentence(event, t)}</span>
          <span className={classes.when}>
            <Moment at={event.at} />
          </span>
        </li>
      ))}
    </ol>
  );
}
