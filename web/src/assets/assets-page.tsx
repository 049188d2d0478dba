// Assets: everything the organisation can reach, with the accounts on it; how to add and change them.
"use client";
import { Button, Group } from "@mantine/core";
import { assetColumns } from "@sallyport/hub/assets/input";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { Asset } from "../api/types.ts";
import { CsvActions } from "../csv/csv-actions.tsx";
import { ImportPanel } from "../csv/import-panel.tsx";
import { OnlineMark } from "../fleet/online-mark.tsx";
import { Allowed, useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { AddAsset } from "./add-asset.tsx";
import { AssetPanel } from "./asset-panel.tsx";
import { Templates } from "./templates.tsx";

export function AssetsPage() {
  return (
    <Allowed permission="assets.read">
      <Assets />
    </Allowed>
  );
}

const assetCategories = ["host", "database", "kubernetes", "web", "other"] as const;

function Assets() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const mayManage = useMay("assets.manage");
  const [url, changeUrl] = useUrlState();
  const category = oneOf(url.get("category"), assetCategories);
  const zoneId = url.get("zone") ?? undefined;
  const query = useInfiniteQuery(
    trpc.assets.list.infiniteQueryOptions({ ...useSearch(), scope: "all", category, zoneId }, nextPage),
  );
  const zones = useQuery(trpc.fleet.zones.queryOptions(undefined, { enabled: useMay("fleet.read") }));
  const add = mayManage && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => changeUrl({ add: "asset" })}>
      {t("assets.add")}
    </Button>
  );
  const columns: Column<Asset>[] = [
    { key: "name", title: t("reach.asset"), cell: ({ name }) => displayText(name) },
    {
      key: "state",
      title: t("reach.state"),
      cell: ({ online, active }) =>
        active ? <OnlineMark state={online ? "online" : "offline"} /> : <span>{t("assets.off")}</span>,
      hideOn: "small",
    },
    { key: "platform", title: t("assets.platform"), cell: ({ platform }) => t(`platform.${platform}`), hideOn: "medium" },
    {
      key: "address",
      title: t("reach.address"),
      cell: ({ address }) => <span className="mono">{displayText(address)}</span>,
      hideOn: "small",
    },
    { key: "zone", title: t("reach.zone"), cell: ({ zone }) => displayText(zone.name), hideOn: "medium" },
    {
      key: "protocols",
      title: t("assets.protocols"),
      cell: ({ protocols }) => (
        <span className="mono">{protocols.map(({ name, port }) => `${name}:${port}`).join(" ") || "–"}</span>
      ),
      hideOn: "medium",
    },
  ];
  return (
    <Page title={t("assets.title")} purpose={t("assets.purpose")} action={add}>
      <List
        name={t("assets.title")}
        query={query}
        columns={columns}
        rowId={(asset) => asset.id}
        filters={[
          {
            key: "category",
            label: t("assets.category"),
            options: assetCategories.map((value) => ({ value, label: t(`category.${value}`) })),
          },
          {
            key: "zone",
            label: t("reach.zone"),
            options: (zones.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
          },
        ]}
        empty={
          <Empty title={t("assets.empty")} text={t("assets.emptyText")}>
            {add}
          </Empty>
        }
        tools={
          <Group gap="xs">
            <CsvActions href="/api/v1/assets.csv" onImport={mayManage ? () => changeUrl({ import: "assets" }) : null} />
            <Button size="xs" variant="default" onClick={() => changeUrl({ templates: "all" })}>
              {t("templates.title")}
            </Button>
          </Group>
        }
        onOpen={(asset) => changeUrl({ id: asset.id })}
        openRowId={url.get("id")}
      />
      <AssetPanel id={url.get("id")} onClose={() => changeUrl({ id: null, tab: null })} />
      <Templates opened={url.has("templates")} onClose={() => changeUrl({ templates: null })} />
      {mayManage && (
        <ImportPanel
          opened={url.has("import")}
          onClose={() => changeUrl({ import: null })}
          title={t("assets.import")}
          text={t("assets.importText")}
          template={{
            name: "assets.csv",
            columns: assetColumns.all,
            row: ["web-1", "192.0.2.10", "linux", "", "ssh; https:8443", "env:prod; tier:web", "", "yes", ""],
          }}
          send={(file) => client.assets.import.mutate(file)}
          onDone={() => void queries.invalidateQueries({ queryKey: trpc.assets.pathKey() })}
        />
      )}
      {mayManage && <AddAsset opened={url.has("add")} onClose={() => changeUrl({ add: null })} />}
    </Page>
  );
}
