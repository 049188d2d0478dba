// Reach: the assets this person may use, as tiles or as a table, each with what may be done there.
"use client";
import { Group, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Asset } from "../api/types.ts";
import { OnlineMark } from "../fleet/online-mark.tsx";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { AskButton } from "../tickets/ask-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Page } from "../ui/page.tsx";
import { AccessEnds } from "./access-ends.tsx";
import { AssetActions } from "./asset-actions.tsx";
import { AssetTiles } from "./asset-tile.tsx";
import { Favourite } from "./favourite.tsx";
import { NoAssets } from "./no-assets.tsx";
import { NodePath } from "./node-path.tsx";

export function ReachPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url, changeUrl] = useUrlState();
  const search = useSearch();
  const state = oneOf(url.get("state"), ["online", "offline"]);
  const zoneId = url.get("zone") ?? undefined;
  const view = oneOf(url.get("view"), ["table"]) ?? "tiles";
  const favourite = url.get("favourite") === "yes" ? true : undefined;
  const path = (url.get("node") ?? "").split(".").filter((id) => id !== "");
  const query = useInfiniteQuery(
    trpc.assets.list.infiniteQueryOptions({ ...search, state, zoneId, favourite, nodeId: path.at(-1) }, nextPage),
  );
  const zones = useQuery(trpc.fleet.zones.queryOptions(undefined, { enabled: useMay("fleet.read") }));

  const columns: Column<Asset>[] = [
    {
      key: "name",
      title: t("reach.asset"),
      cell: (asset) => (
        <Group gap={6} wrap="nowrap">
          <Favourite asset={asset} />
          {displayText(asset.name)}
          <AccessEnds at={asset.endsAt} />
        </Group>
      ),
    },
    {
      key: "state",
      title: t("reach.state"),
      cell: ({ online }) => <OnlineMark state={online ? "online" : "offline"} />,
      hideOn: "small",
    },
    { key: "zone", title: t("reach.zone"), cell: ({ zone }) => displayText(zone.name), hideOn: "medium" },
    {
      key: "address",
      title: t("reach.address"),
      cell: ({ address }) => <span className="mono">{displayText(address)}</span>,
      hideOn: "medium",
    },
    { key: "os", title: t("reach.os"), cell: ({ os }) => (os === null ? "–" : displayText(os, 80)), hideOn: "medium" },
    { key: "actions", title: t("action.actions"), cell: (asset) => <AssetActions asset={asset} />, width: 220 },
  ];

  return (
    <Page title={t("reach.title")} purpose={t("reach.purpose")} action={<AskButton />}>
      <NodePath path={path} onChange={(next) => changeUrl({ node: next.length === 0 ? null : next.join(".") })} />
      <List
        name={t("reach.title")}
        query={query}
        columns={columns}
        rowId={(asset) => asset.id}
        filters={[
          {
            key: "state",
            label: t("reach.state"),
            options: [
              { value: "online", label: t("state.online") },
              { value: "offline", label: t("state.offline") },
            ],
          },
          { key: "favourite", label: t("reach.favourites"), options: [{ value: "yes", label: t("reach.onlyFavourites") }] },
          ...(zones.data === undefined
            ? []
            : [
                {
                  key: "zone",
                  label: t("reach.zone"),
                  options: zones.data.items.map(({ id, name }) => ({ value: id, label: displayText(name) })),
                },
              ]),
        ]}
        tools={
          <SegmentedControl
            size="xs"
            value={view}
            aria-label={t("reach.view")}
            onChange={(value) => changeUrl({ view: value === "table" ? value : null })}
            data={[
              { value: "tiles", label: t("reach.grid") },
              { value: "table", label: t("reach.table") },
            ]}
          />
        }
        empty={<NoAssets />}
        {...(view === "tiles" ? { renderRows: (rows: readonly Asset[]) => <AssetTiles assets={rows} /> } : {})}
      />
    </Page>
  );
}
