// Requests: one's own, those that wait for one's decision, and, for whoever may see them, all.
"use client";
import { Button, Tabs } from "@mantine/core";
import { ticketStates } from "@sallyport/hub/tickets/input";
import { IconPlus, IconUrgent } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Ticket } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { TicketMark } from "./ticket-mark.tsx";

const boxes = ["mine", "to-decide", "all"] as const;

export function TicketsPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayAsk = useMay("tickets.open");
  const maySeeAll = useMay("tickets.read-all");
  const mayTake = useMay("access.break-glass");
  // In the rail for who reads grants; owners of assets find theirs here.
  const maySeeReviews = useMay("grants.read");
  const [url, changeUrl] = useUrlState();
  const waiting = useQuery(trpc.tickets.waiting.queryOptions()).data?.waiting ?? 0;
  const box = oneOf(url.get("box"), boxes) ?? (mayAsk ? "mine" : "to-decide");
  const shown = boxes.filter((one) => one === "to-decide" || (one === "mine" ? mayAsk : maySeeAll));
  return (
    <Page
      title={t("tickets.title")}
      purpose={t("tickets.purpose")}
      action={
        <>
          {!maySeeReviews && (
            <Button component={Link} href="/reviews" variant="default">
              {t("reviews.title")}
            </Button>
          )}
          {mayTake && <TakeNow />}
          {mayAsk && <Ask />}
        </>
      }
    >
      <Tabs value={box} onChange={(value) => changeUrl({ box: value })} mb="md">
        <Tabs.List>
          {shown.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {one === "to-decide" && waiting > 0 ? t("tickets.toDecideCount", { count: waiting }) : t(`ticketBox.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Tickets key={box} box={box} />
    </Page>
  );
}

function TakeNow() {
  const { t } = useTranslation();
  return (
    <Button component={Link} href="/emergency" variant="light" color="red" leftSection={<IconUrgent size={16} />}>
      {t("breakGlass.title")}
    </Button>
  );
}

function Ask() {
  const { t } = useTranslation();
  return (
    <Button component={Link} href="/tickets/new" leftSection={<IconPlus size={16} />}>
      {t("tickets.ask")}
    </Button>
  );
}

function Tickets({ box }: { box: (typeof boxes)[number] }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayAsk = useMay("tickets.open");
  const [url] = useUrlState();
  const query = useInfiniteQuery(
    trpc.tickets.list.infiniteQueryOptions({ box, ...useSearch(), state: oneOf(url.get("state"), ticketStates) }, nextPage),
  );
  const columns: Column<Ticket>[] = [
    {
      key: "title",
      title: t("tickets.what"),
      cell: ({ title, requester }) => (
        <>
          <b style={{ fontWeight: 500 }}>{displayText(title)}</b>
          {box !== "mine" && <span data-show="small">{displayText(requester.name)}</span>}
        </>
      ),
    },
    { key: "state", title: t("runs.state"), cell: (ticket) => <TicketMark {...ticket} /> },
    {
      key: "level",
      title: t("tickets.level"),
      cell: ({ state, level, levels }) => (state === "pending" ? t("tickets.levelOf", { level, levels }) : "–"),
      hideOn: "medium",
    },
    { key: "by", title: t("tickets.by"), cell: ({ requester }) => displayText(requester.name), hideOn: "small" },
    {
      key: "until",
      title: t("tickets.until"),
      cell: ({ endsAt }) => (endsAt === null ? "–" : <Moment at={endsAt} />),
      hideOn: "medium",
    },
    { key: "asked", title: t("tickets.asked"), cell: ({ submittedAt, createdAt }) => <Moment at={submittedAt ?? createdAt} /> },
  ];
  return (
    <List
      name={t(`ticketBox.${box}`)}
      query={query}
      columns={columns}
      rowId={(ticket) => ticket.id}
      filters={[
        {
          key: "state",
          label: t("runs.state"),
          options: ticketStates.map((value) => ({ value, label: t(`ticketState.${value}`) })),
        },
      ]}
      empty={
        <Empty title={t(`ticketEmpty.${box}`)} text={t(`ticketEmptyText.${box}`)}>
          {box === "mine" && mayAsk ? <Ask /> : null}
        </Empty>
      }
      onOpen={(ticket) => router.push(`/ticket?id=${ticket.id}`)}
    />
  );
}
