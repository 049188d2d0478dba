// Sessions: every terminal and every connection, live and past.
"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SessionSummary } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { periodFilter, usePeriod } from "../list/period-filter.ts";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { SessionAccount } from "./session-account.tsx";
import { SessionMarks } from "./session-mark.tsx";

const states = ["live", "ended"] as const;

export function SessionsPage() {
  const { t } = useTranslation();
  const { bytes } = useLocale();
  const trpc = useTRPC();
  const router = useRouter();
  const [url] = useUrlState();
  const filter = {
    ...useSearch(),
    ...usePeriod(),
    state: oneOf(url.get("state"), states),
    userId: url.get("user") ?? undefined,
    assetId: url.get("asset") ?? undefined,
  };
  const query = useInfiniteQuery(trpc.sessions.list.infiniteQueryOptions(filter, nextPage));

  const columns: Column<SessionSummary>[] = [
    {
      key: "asset",
      title: t("sessions.asset"),
      cell: ({ asset }) => <b style={{ fontWeight: 500 }}>{displayText(asset.name)}</b>,
    },
    { key: "state", title: t("sessions.state"), cell: (session) => <SessionMarks session={session} /> },
    { key: "user", title: t("sessions.person"), cell: ({ user }) => displayText(user.name) },
    {
      key: "account",
      title: t("sessions.account"),
      cell: (session) => <SessionAccount session={session} />,
      hideOn: "medium",
    },
    { key: "started", title: t("sessions.started"), cell: ({ startedAt }) => <Moment at={startedAt} />, hideOn: "small" },
    {
      key: "lasted",
      title: t("sessions.lasted"),
      cell: ({ startedAt, endedAt }) => <RunningTime since={startedAt} until={endedAt} />,
      hideOn: "small",
    },
    {
      key: "output",
      title: t("sessions.output"),
      cell: ({ outputBytes }) => bytes(outputBytes),
      align: "right",
      hideOn: "medium",
    },
    { key: "id", title: "ID", cell: ({ id }) => <ShortId id={id} />, hideOn: "medium" },
  ];

  return (
    <Page title={t("sessions.title")} purpose={t("sessions.purpose")}>
      <List
        name={t("sessions.title")}
        query={query}
        columns={columns}
        rowId={(session) => session.id}
        filters={[
          {
            key: "state",
            label: t("sessions.state"),
            options: states.map((value) => ({ value, label: t(`sessionState.${value}`) })),
          },
          periodFilter(t),
        ]}
        empty={<Empty title={t("sessions.empty")} text={t("sessions.emptyText")} />}
        onOpen={(session) => router.push(`/session?id=${session.id}`)}
      />
    </Page>
  );
}
