// Notices one below the other: what happened, how grave it is, when; each leads to what it is about.
"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { InboxNotice } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import classes from "./notices.module.css";
import { SeverityMark } from "./severity-mark.tsx";

interface NoticeListProps {
  notices: readonly InboxNotice[];
  /** Titles only, where room is short. */
  brief?: boolean;
  onFollow?: () => void;
}

export function NoticeList({ notices, brief = false, onFollow }: NoticeListProps) {
  const { t } = useTranslation();
  const markRead = useMarkRead();
  return (
    <ul className={classes.list} aria-label={t("notices.title")}>
      {notices.map((notice) => (
        <li key={notice.id}>
          <Link
            href={notice.path}
            className={classes.notice}
            data-unread={notice.readAt === null || undefined}
            onClick={() => {
              if (notice.readAt === null) markRead.mutate({ ids: [notice.id] });
              onFollow?.();
            }}
          >
            <SeverityMark severity={notice.severity} />
            <div className={classes.words}>
              <p className={classes.title}>{displayText(notice.title, 200)}</p>
              {!brief && <Details notice={notice} />}
            </div>
            <span className={classes.when}>
              <Moment at={notice.at} />
              {notice.readAt === null && <span className={classes.dot} role="img" aria-label={t("notices.unread")} />}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Details({ notice: { summary, facts, table } }: { notice: InboxNotice }) {
  const { t } = useTranslation();
  return (
    <>
      {summary !== "" && <p className={classes.summary}>{displayText(summary, 400)}</p>}
      {facts.length > 0 && (
        <dl className={classes.facts}>
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{displayText(value, 400)}</dd>
            </div>
          ))}
        </dl>
      )}
      {table !== null && (
        <ul className={classes.rows}>
          {table.rows.map((row) => (
            <li key={row.join()}>{displayText(row.filter((cell) => cell !== "").join(" · "), 400)}</li>
          ))}
          {table.more > 0 && <li>{t("notices.more", { count: table.more })}</li>}
        </ul>
      )}
    </>
  );
}

export function useMarkRead() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return useMutation(
    trpc.notices.markRead.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.notices.pathKey() }),
    }),
  );
}
