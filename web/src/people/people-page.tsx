// People: who may sign in, as what, and what they may reach.
"use client";
import { Button, Checkbox, Tabs } from "@mantine/core";
import { personStates } from "@sallyport/hub/identity/input";
import { IconUserPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Person } from "../api/types.ts";
import { CsvActions } from "../csv/csv-actions.tsx";
import { Allowed, useMay, useMe } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { ChosenPeople } from "./chosen-people.tsx";
import { GroupsList } from "./groups-list.tsx";
import { InvitePanel } from "./invite-panel.tsx";
import { PeopleImport } from "./people-import.tsx";
import { PersonMark } from "./person-mark.tsx";
import { PersonPanel } from "./person-panel.tsx";
import { useRoleOptions } from "./role-choice.tsx";
import { roleTitle } from "./role-title.ts";
import { RolesList } from "./roles-list.tsx";

export function PeoplePage() {
  return (
    <Allowed permission="people.read">
      <PeopleAndGroups />
    </Allowed>
  );
}

const views = ["people", "groups", "roles"] as const;
/** What the address says of one view and means nothing in the other. */
const ofOneView = { id: null, tab: null, q: null, new: null, invite: null, import: null, state: null, role: null, group: null };

function PeopleAndGroups() {
  const { t } = useTranslation();
  const mayManage = useMay("people.manage");
  const [url, changeUrl] = useUrlState();
  const view = oneOf(url.get("view"), views) ?? "people";
  const invite = mayManage && (
    <Button leftSection={<IconUserPlus size={16} />} onClick={() => changeUrl({ ...ofOneView, view: null, invite: "person" })}>
      {t("people.invite")}
    </Button>
  );
  return (
    <Page title={t("people.title")} purpose={t("people.purpose")} action={invite}>
      <Tabs
        value={view}
        onChange={(value) => changeUrl({ ...ofOneView, view: value === "people" ? null : value })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="people">{t("people.title")}</Tabs.Tab>
          <Tabs.Tab value="groups">{t("groups.title")}</Tabs.Tab>
          <Tabs.Tab value="roles">{t("roles.title")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people">
          <People invite={invite} />
        </Tabs.Panel>
        <Tabs.Panel value="groups">
          <GroupsList />
        </Tabs.Panel>
        <Tabs.Panel value="roles">
          <RolesList onPeople={(role) => changeUrl({ ...ofOneView, view: null, role })} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function People({ invite }: { invite: ReactNode }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const me = useMe();
  const [url, changeUrl] = useUrlState();
  const state = oneOf(url.get("state"), personStates);
  const roles = useRoleOptions();
  const role = roles.find(({ value }) => value === url.get("role"))?.value;
  const groupId = url.get("group") ?? undefined;
  const query = useInfiniteQuery(trpc.people.list.infiniteQueryOptions({ ...useSearch(), state, role, groupId }, nextPage));
  const groups = useQuery(trpc.groups.list.queryOptions({ limit: 200 }));
  const mayManage = useMay("people.manage");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (id: string) =>
    setChosen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));
  const open = query.data?.pages.flatMap(({ items }) => items).find(({ id }) => id === url.get("id"));

  const tick: Column<Person> = {
    key: "chosen",
    title: "",
    width: 36,
    cell: ({ id, name }) => (
      <Checkbox
        size="xs"
        aria-label={t("people.choose", { name: displayText(name) })}
        checked={chosen.has(id)}
        onClick={(event) => event.stopPropagation()}
        onChange={() => choose(id)}
      />
    ),
  };
  const columns: Column<Person>[] = [
    ...(mayManage ? [tick] : []),
    {
      key: "name",
      title: t("people.person"),
      cell: ({ id, name, guest }) => (
        <>
          <b style={{ fontWeight: 500 }}>{displayText(name)}</b>
          {id === me.id && ` (${t("people.you")})`}
          {guest && ` (${t("people.guest")})`}
        </>
      ),
    },
    { key: "username", title: t("people.username"), cell: ({ username }) => displayText(username), hideOn: "medium" },
    { key: "email", title: t("field.email"), cell: ({ email }) => displayText(email), hideOn: "small" },
    { key: "role", title: t("people.role"), cell: (person) => roleTitle(person, t), hideOn: "small" },
    { key: "state", title: t("people.state"), cell: ({ state }) => <PersonMark state={state} /> },
    { key: "seen", title: t("people.lastSignIn"), cell: ({ lastSignInAt }) => <Moment at={lastSignInAt} />, hideOn: "medium" },
    { key: "created", title: t("people.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "medium" },
  ];

  return (
    <>
      <List
        name={t("people.title")}
        query={query}
        columns={columns}
        rowId={(person) => person.id}
        filters={[
          {
            key: "state",
            label: t("people.state"),
            options: personStates.map((value) => ({ value, label: t(`personState.${value}`) })),
          },
          { key: "role", label: t("people.role"), options: roles },
          {
            key: "group",
            label: t("groups.group"),
            options: (groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
          },
        ]}
        tools={
          <>
            {mayManage && <ChosenPeople ids={chosen} onDone={() => setChosen(new Set())} />}
            <CsvActions href="/api/v1/people.csv" onImport={mayManage ? () => changeUrl({ import: "people" }) : null} />
          </>
        }
        empty={
          <Empty title={t("people.empty")} text={t("people.emptyText")}>
            {invite}
          </Empty>
        }
        onOpen={(person) => changeUrl({ id: person.id })}
        openRowId={url.get("id")}
      />
      <PersonPanel person={open} onClose={() => changeUrl({ id: null, tab: null })} />
      {mayManage && <PeopleImport opened={url.has("import")} onClose={() => changeUrl({ import: null })} />}
      <InvitePanel opened={url.has("invite")} onClose={() => changeUrl({ invite: null })} />
    </>
  );
}
