// The inbox: everything this person was told of here, newest first.
"use client";
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { InboxNotice } from "../api/types.ts";
import { currentLanguage } from "../i18n/i18n.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage } from "../list/use-page-list.ts";
import { useUrlState } from "../state/url-state.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { NoticeList, useMarkRead } from "./notice-list.tsx";

export function InboxPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const unread = url.get("unread") === "yes" ? true : undefined;
  const query = useInfiniteQuery(trpc.notices.inbox.infiniteQueryOptions({ language: currentLanguage(), unread }, nextPage));
  const waiting = useQuery(trpc.notices.unread.queryOptions());
  const markRead = useMarkRead();
  // Only while it loads: the rows draw themselves.
  const columns: Column<InboxNotice>[] = [{ key: "title", title: t("notices.title"), cell: ({ title }) => title }];
  return (
    <Page
      title={t("notices.title")}
      purpose={t("notices.purpose")}
      action={
        (waiting.data?.unread ?? 0) > 0 && (
          <Button variant="default" loading={markRead.isPending} onClick={() => markRead.mutate({})}>
            {t("notices.markAllRead")}
          </Button>
        )
      }
    >
      <List
        name={t("notices.title")}
        query={query}
        columns={columns}
        rowId={({ id }) => id}
        searchable={false}
        filters={[{ key: "unread", label: t("notices.state"), options: [{ value: "yes", label: t("notices.onlyUnread") }] }]}
        tools={
          <Button size="xs" variant="default" component={Link} href="/settings">
            {t("notices.choose")}
          </Button>
        }
        empty={<Empty title={t("notices.empty")} text={t("notices.emptyText")} />}
        renderRows={(rows) => <NoticeList notices={rows} />}
      />
    </Page>
  );
}
