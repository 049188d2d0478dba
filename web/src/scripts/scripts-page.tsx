// Scripts that are kept: one's own, and those of the organisation.
"use client";
import { Button, Group } from "@mantine/core";
import { IconArchive, IconBuilding, IconLock, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Script } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";

export function VisibilityMark({ visibility, archived }: Pick<Script, "visibility" | "archived">) {
  const { t } = useTranslation();
  if (archived)
    return (
      <StateMark tone="grey" icon={IconArchive}>
        {t("scripts.archived")}
      </StateMark>
    );
  return (
    <StateMark tone={visibility === "private" ? "grey" : "blue"} icon={visibility === "private" ? IconLock : IconBuilding}>
      {t(`scriptVisibility.${visibility}`)}
    </StateMark>
  );
}

export function ScriptsPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayRun = useMay("run.start");
  const [url] = useUrlState();
  const interpreter = url.get("interpreter");
  const query = useInfiniteQuery(
    trpc.scripts.list.infiniteQueryOptions(
      {
        ...useSearch(),
        ...(interpreter === null ? {} : { interpreter }),
        mine: url.get("whose") === "mine",
        archived: url.get("kept") === "archived",
      },
      nextPage,
    ),
  );
  const { data: interpreters } = useQuery(trpc.interpreters.list.queryOptions());
  const add = mayRun && (
    <Button component={Link} href="/scripts/edit" leftSection={<IconPlus size={16} />}>
      {t("scripts.new")}
    </Button>
  );
  const columns: Column<Script>[] = [
    {
      key: "name",
      title: t("scripts.script"),
      cell: ({ name }) => <b style={{ fontWeight: 500 }}>{displayText(name)}</b>,
    },
    {
      key: "description",
      title: t("scripts.description"),
      cell: ({ description }) => displayText(description) || "–",
      hideOn: "medium",
    },
    {
      key: "interpreter",
      title: t("newRun.interpreter"),
      cell: ({ interpreter: program }) => <span className="mono">{displayText(program)}</span>,
      hideOn: "small",
    },
    { key: "visibility", title: t("scripts.visibility"), cell: (script) => <VisibilityMark {...script} /> },
    { key: "version", title: t("scripts.version"), cell: ({ latest }) => latest, align: "right", hideOn: "medium" },
    { key: "owner", title: t("scripts.owner"), cell: ({ owner }) => displayText(owner.name), hideOn: "small" },
    { key: "changed", title: t("scripts.changed"), cell: ({ updatedAt }) => <Moment at={updatedAt} />, hideOn: "small" },
  ];
  return (
    <Page title={t("scripts.title")} purpose={t("scripts.purpose")} action={add}>
      <List
        name={t("scripts.title")}
        query={query}
        columns={columns}
        rowId={(script) => script.id}
        filters={[
          {
            key: "interpreter",
            label: t("newRun.interpreter"),
            options: (interpreters?.items ?? []).map(({ program, label }) => ({ value: program, label: displayText(label, 40) })),
          },
          { key: "whose", label: t("scripts.owner"), options: [{ value: "mine", label: t("scripts.mine") }] },
          { key: "kept", label: t("scripts.kept"), options: [{ value: "archived", label: t("scripts.archived") }] },
        ]}
        empty={
          <Empty title={t("scripts.empty")} text={t("scripts.emptyText")}>
            <Group>{add}</Group>
          </Empty>
        }
        onOpen={(script) => router.push(`/script?id=${script.id}`)}
      />
    </Page>
  );
}
