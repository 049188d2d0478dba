// Audit: what happened as sentences, when it happened as a histogram, and whether the chain of hashes holds.
"use client";
import { Button, Group } from "@mantine/core";
import { IconAlertTriangle, IconDownload, IconShieldCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AuditEvent, Outputs } from "../api/types.ts";
import { Allowed } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { periodFilter, usePeriod } from "../list/period-filter.ts";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./audit.module.css";
import { AuditHistogram } from "./audit-histogram.tsx";
import { AuditSignature } from "./audit-signature.tsx";
import { EventPanel } from "./event-panel.tsx";
import { eventSentence } from "./event-sentence.ts";

export function AuditPage() {
  return (
    <Allowed permission="audit.read">
      <Audit />
    </Allowed>
  );
}

function Audit() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url, changeUrl] = useUrlState();
  const period = usePeriod();
  const kind = url.get("kind") ?? undefined;
  const group = url.get("group") ?? undefined;
  const assetId = url.get("asset") ?? undefined;
  const ip = url.get("ip") ?? undefined;
  const actorId = url.get("actor") ?? undefined;
  const subjectId = url.get("subject") ?? undefined;
  const filter = { ...useSearch(), ...period, kind, group, actorId, subjectId, assetId, ip };
  const query = useInfiniteQuery(trpc.audit.list.infiniteQueryOptions(filter, nextPage));
  const kinds = useQuery(trpc.audit.kinds.queryOptions());
  const verify = useMutation(trpc.audit.verify.mutationOptions());
  const events = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const open = events.find(({ id }) => id === url.get("id"));
  const actors = new Map(events.flatMap(({ actor }) => (actor === null ? [] : [[actor.id, displayText(actor.name)] as const])));

  const columns: Column<AuditEvent>[] = [
    { key: "event", title: t("audit.event"), cell: (event) => eventSentence(event, t) },
    {
      key: "kind",
      title: t("audit.kind"),
      cell: (event) => <span className="mono">{displayText(event.kind)}</span>,
      hideOn: "medium",
    },
    {
      key: "ip",
      title: t("audit.address"),
      cell: ({ ip }) => <span className="mono">{displayText(ip ?? "–")}</span>,
      hideOn: "medium",
    },
    { key: "when", title: t("audit.when"), cell: ({ at }) => <Moment at={at} />, width: 140 },
  ];

  return (
    <Page
      title={t("audit.title")}
      purpose={t("audit.purpose")}
      action={
        <Group gap="xs">
          <Button component="a" variant="default" leftSection={<IconDownload size={16} />} href={csvLink(filter)} download>
            {t("audit.csv")}
          </Button>
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={16} />}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            {t("audit.verify")}
          </Button>
        </Group>
      }
    >
      <AuditSignature />
      {verify.data !== undefined && <Seal result={verify.data} />}
      <AuditHistogram period={period} onSelect={(from, to) => changeUrl({ period: null, from, to })} />
      <List
        name={t("audit.title")}
        query={query}
        columns={columns}
        rowId={(event) => event.id}
        filters={[
          {
            key: "group",
            label: t("audit.group"),
            options: (kinds.data?.groups ?? []).map((value) => ({ value, label: value })),
          },
          { key: "kind", label: t("audit.kind"), options: (kinds.data?.items ?? []).map((value) => ({ value, label: value })) },
          { key: "actor", label: t("audit.actor"), options: Array.from(actors, ([value, label]) => ({ value, label })) },
          periodFilter(t),
        ]}
        empty={<Empty title={t("audit.empty")} text={t("audit.emptyText")} />}
        onOpen={(event) => changeUrl({ id: event.id })}
        openRowId={url.get("id")}
      />
      <EventPanel event={open} onClose={() => changeUrl({ id: null })} />
    </Page>
  );
}

/** The same filter as the list's, for the hub's CSV. */
function csvLink(filter: Record<string, string | undefined>): string {
  const query = new URLSearchParams(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return `/api/v1/audit/events.csv?${query.toString()}`;
}

function Seal({ result }: { result: Outputs["audit"]["verify"] }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const ok = result.state === "ok" || result.state === "open";
  const sealProblem = () => {
    if (result.state === "rolled-back") return t("audit.rolledBack", { events: count(result.events) });
    if (result.state === "truncated") return t("audit.truncated", { events: count(result.events) });
    return result.at === null ? t("audit.checkpointsAltered") : t("audit.altered", { at: result.at });
  };
  return (
    <div className={classes.seal} role="status">
      <StateMark tone={ok ? "green" : "red"} icon={ok ? IconShieldCheck : IconAlertTriangle}>
        {ok ? t("audit.ok", { events: count(result.events) }) : sealProblem()}
      </StateMark>
      <span className={`${classes.head} mono truncate`}>{t("audit.head", { head: displayText(result.head) })}</span>
    </div>
  );
}
