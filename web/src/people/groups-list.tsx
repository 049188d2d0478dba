// Groups: several people under one name.
"use client";
import { Button } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { PeopleGroup } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Empty } from "../ui/page-states.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { GroupPanel, NewGroupPanel } from "./group-panel.tsx";

export function GroupsList() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { count } = useLocale();
  const mayManage = useMay("people.manage");
  const [url, changeUrl] = useUrlState();
  const query = useInfiniteQuery(trpc.groups.list.infiniteQueryOptions(useSearch(), nextPage));
  const open = query.data?.pages.flatMap(({ items }) => items).find(({ id }) => id === url.get("id"));
  const make = mayManage && (
    <Button variant="default" size="xs" leftSection={<IconUsersPlus size={15} />} onClick={() => changeUrl({ new: "group" })}>
      {t("groups.create")}
    </Button>
  );
  const columns: Column<PeopleGroup>[] = [
    { key: "name", title: t("groups.group"), cell: ({ name }) => <b style={{ fontWeight: 500 }}>{displayText(name)}</b> },
    { key: "members", title: t("groups.members"), cell: ({ members }) => <span className="tabular">{count(members)}</span> },
    { key: "created", title: t("people.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "small" },
  ];
  return (
    <>
      <List
        name={t("groups.title")}
        query={query}
        columns={columns}
        rowId={(group) => group.id}
        tools={make}
        empty={
          <Empty title={t("groups.empty")} text={t("groups.emptyText")}>
            {make}
          </Empty>
        }
        onOpen={(group) => changeUrl({ id: group.id })}
        openRowId={url.get("id")}
      />
      <GroupPanel group={open} onClose={() => changeUrl({ id: null })} />
      {mayManage && <NewGroupPanel opened={url.has("new")} onClose={() => changeUrl({ new: null })} />}
    </>
  );
}
