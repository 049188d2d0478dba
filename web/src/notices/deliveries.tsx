// The log of deliveries: what was told where, whether it arrived, and what the other side said.
"use client";
import { deliveryStates } from "@sallyport/hub/notify/input";
import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { NoticeDelivery } from "../api/types.ts";
import { lookUp } from "../i18n/i18n.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Empty } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import classes from "./notices.module.css";

/** Deliveries are not hinted at: each would make every open screen of the organisation ask again. */
const lookAgainMs = 5_000;

const looks = {
  waiting: { tone: "amber", icon: IconClock },
  sent: { tone: "green", icon: IconCheck },
  failed: { tone: "red", icon: IconX },
} as const;

export function Deliveries() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const filter = { state: oneOf(url.get("state"), deliveryStates), channelId: url.get("channel") ?? undefined };
  const query = useInfiniteQuery({
    ...trpc.notices.deliveries.infiniteQueryOptions(filter, nextPage),
    refetchInterval: lookAgainMs,
  });
  const channels = useQuery(trpc.notices.channels.queryOptions());
  const columns: Column<NoticeDelivery>[] = [
    { key: "at", title: t("deliveries.at"), cell: ({ createdAt }) => <Moment at={createdAt} />, width: 130 },
    {
      key: "state",
      title: t("deliveries.state"),
      cell: ({ state }) => (
        <StateMark tone={looks[state].tone} icon={looks[state].icon}>
          {t(`deliveryState.${state}`)}
        </StateMark>
      ),
      width: 110,
    },
    {
      key: "to",
      title: t("deliveries.to"),
      cell: ({ to, name }) => `${to === "mail" ? `${t("field.email")}: ` : ""}${displayText(name, 60)}`,
    },
    { key: "kind", title: t("notices.about"), cell: ({ kind }) => lookUp(`noticeKind.${kind}`, {}), hideOn: "small" },
    {
      key: "answer",
      title: t("deliveries.answer"),
      cell: ({ answer, attempts, together }) => (
        <span className={classes.answer}>
          {answer === null ? "–" : displayText(answer, 300)}
          {attempts > 1 && ` · ${t("deliveries.attempts", { count: attempts })}`}
          {(together ?? 1) > 1 && ` · ${t("deliveries.together", { count: together ?? 1 })}`}
        </span>
      ),
      hideOn: "medium",
    },
  ];
  return (
    <List
      name={t("deliveries.title")}
      query={query}
      columns={columns}
      rowId={({ id }) => id}
      searchable={false}
      filters={[
        {
          key: "state",
          label: t("deliveries.state"),
          options: deliveryStates.map((value) => ({ value, label: t(`deliveryState.${value}`) })),
        },
        {
          key: "channel",
          label: t("deliveries.channel"),
          options: (channels.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
        },
      ]}
      empty={<Empty title={t("deliveries.empty")} text={t("deliveries.emptyText")} />}
    />
  );
}
