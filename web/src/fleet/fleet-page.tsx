// Fleet: the agents that dial out to this hub, their zones, and how to add one.
"use client";
import { Button, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconArrowUp, IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Agent } from "../api/types.ts";
import { Allowed, useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { formatRoundTrip } from "../ui/format.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { AddAgent } from "./add-agent.tsx";
import { AgentPanel } from "./agent-panel.tsx";
import { ApprovedOnly } from "./approved-only.tsx";
import classes from "./fleet.module.css";
import { OnlineMark } from "./online-mark.tsx";
import { RoundTrips } from "./round-trips.tsx";
import { ZonesPanel } from "./zones-panel.tsx";

export function FleetPage() {
  return (
    <Allowed permission="fleet.read">
      <Fleet />
    </Allowed>
  );
}

const agentStates = ["online", "offline", "revoked"] as const;

function Fleet() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayEnrol = useMay("enrol");
  const [url, changeUrl] = useUrlState();
  const state = oneOf(url.get("state"), agentStates);
  const zoneId = url.get("zone") ?? undefined;
  const query = useInfiniteQuery(trpc.fleet.agents.infiniteQueryOptions({ ...useSearch(), state, zoneId }, nextPage));
  const zones = useQuery(trpc.fleet.zones.queryOptions());

  const addButton = mayEnrol && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => changeUrl({ add: "agent" })}>
      {t("fleet.add")}
    </Button>
  );

  const columns: Column<Agent>[] = [
    { key: "name", title: t("fleet.agent"), cell: (agent) => <AgentName agent={agent} /> },
    { key: "state", title: t("fleet.state"), cell: (agent) => <OnlineMark state={agent.state} /> },
    { key: "zone", title: t("fleet.zone"), cell: ({ zone }) => displayText(zone.name), hideOn: "medium" },
    { key: "roundTrip", title: t("fleet.roundTrip"), cell: (agent) => <Pulse agent={agent} />, hideOn: "small", width: 170 },
    { key: "version", title: t("fleet.version"), cell: (agent) => <Version agent={agent} />, hideOn: "medium" },
    {
      key: "address",
      title: t("fleet.address"),
      cell: ({ address }) => <span className="mono">{displayText(address ?? "–")}</span>,
      hideOn: "medium",
    },
    { key: "seen", title: t("fleet.lastSeen"), cell: ({ lastSeenAt }) => <Moment at={lastSeenAt} />, hideOn: "small" },
  ];

  return (
    <Page
      title={t("fleet.title")}
      purpose={t("fleet.purpose")}
      action={
        <>
          <Button variant="default" leftSection={<IconTopologyStar3 size={16} />} onClick={() => changeUrl({ zones: "open" })}>
            {t("fleet.zones")}
          </Button>
          {addButton}
        </>
      }
    >
      <List
        name={t("fleet.title")}
        query={query}
        columns={columns}
        rowId={(agent) => agent.id}
        filters={[
          { key: "state", label: t("fleet.state"), options: agentStates.map((value) => ({ value, label: t(`state.${value}`) })) },
          {
            key: "zone",
            label: t("fleet.zone"),
            options: (zones.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
          },
        ]}
        empty={
          <Empty title={t("fleet.empty")} text={t("fleet.emptyText")}>
            {addButton}
          </Empty>
        }
        onOpen={(agent) => changeUrl({ id: agent.id })}
        openRowId={url.get("id")}
      />
      <AgentPanel id={url.get("id")} onClose={() => changeUrl({ id: null, tab: null })} />
      <ZonesPanel opened={url.has("zones")} onClose={() => changeUrl({ zones: null })} />
      {mayEnrol && (
        <AddAgent
          opened={url.has("add")}
          onClose={() => changeUrl({ add: null })}
          onShowAgent={(id) => changeUrl({ add: null, id })}
        />
      )}
    </Page>
  );
}

function AgentName({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  return (
    <span className={classes.name}>
      {displayText(agent.name)}
      {agent.approvedOnly === true && <ApprovedOnly />}
      {agent.duplicate !== null && (
        <span className={classes.warning}>
          <IconAlertTriangle size={14} aria-hidden />
          {t("fleet.duplicate")}
        </span>
      )}
    </span>
  );
}

function Version({ agent: { version, latestVersion } }: { agent: Agent }) {
  const { t } = useTranslation();
  if (version === latestVersion || version === null) return <span className="tabular">{displayText(version ?? "–", 40)}</span>;
  return (
    <Tooltip label={t("fleet.updateTo", { version: displayText(latestVersion, 40) })}>
      <span className={classes.update}>
        {displayText(version, 40)}
        <IconArrowUp size={14} aria-label={t("fleet.updateTo", { version: displayText(latestVersion, 40) })} />
      </span>
    </Tooltip>
  );
}

function Pulse({ agent }: { agent: Agent }) {
  if (agent.state !== "online" || agent.roundTripUs === null) return "–";
  return (
    <span className={classes.pulse}>
      <span className="tabular">{formatRoundTrip(agent.roundTripUs)}</span>
      <RoundTrips us={agent.roundTripUs} at={agent.lastSeenAt} />
    </span>
  );
}
