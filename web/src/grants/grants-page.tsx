// Grants: who may reach what, as sentences.
"use client";
import { Anchor, Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleOff, IconCircleX, IconClock, IconClockOff, IconHelp, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Grant } from "../api/types.ts";
import { Allowed, useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { accountWord } from "./account-word.ts";
import { actionsText } from "./actions-text.ts";
import { endText } from "./ends-picker.tsx";
import { ExplainAccess } from "./explain.tsx";
import { GrantForm, NewGrant } from "./grant-form.tsx";
import { hoursText } from "./hours-field.tsx";

export function GrantsPage() {
  return (
    <Allowed permission="grants.read">
      <Grants />
    </Allowed>
  );
}

const grantStates = ["active", "expired", "upcoming", "off", "revoked"] as const;
const looks = {
  active: { tone: "green", icon: IconCircleCheck },
  expired: { tone: "grey", icon: IconClockOff },
  upcoming: { tone: "blue", icon: IconClock },
  off: { tone: "grey", icon: IconCircleOff },
  revoked: { tone: "red", icon: IconCircleX },
} as const;

export const subjectsText = ({ subjects }: Pick<Grant, "subjects">, t: TFunction): string =>
  subjects.map((subject) => endText(subject, t)).join(t("list.comma"));

/** The assets, nodes and labels that a grant names, in words. */
export const targetsText = ({ targets }: Pick<Grant, "targets">, t: TFunction): string =>
  targets.map((target) => endText(target, t)).join(t("list.comma"));

export const accountsText = ({ accounts }: Pick<Grant, "accounts">, t: TFunction): string =>
  accounts.map((account) => accountWord(account, t)).join(t("list.comma"));

function Grants() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { moment } = useLocale();
  const mayManage = useMay("grants.manage");
  const [url, changeUrl] = useUrlState();
  const state = oneOf(url.get("state"), grantStates);
  const query = useInfiniteQuery(trpc.access.grants.infiniteQueryOptions({ ...useSearch(), state }, nextPage));
  const open = query.data?.pages.flatMap(({ items }) => items).find(({ id }) => id === url.get("id"));
  const add = mayManage && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => changeUrl({ add: "grant" })}>
      {t("grants.new")}
    </Button>
  );
  const explain = (
    <Button variant="default" leftSection={<IconHelp size={16} />} onClick={() => changeUrl({ explain: "yes" })}>
      {t("explain.open")}
    </Button>
  );
  const columns: Column<Grant>[] = [
    { key: "name", title: t("grants.name"), cell: ({ name }) => displayText(name) },
    { key: "who", title: t("grants.who"), cell: (grant) => subjectsText(grant, t), hideOn: "small" },
    { key: "what", title: t("grants.what"), cell: (grant) => targetsText(grant, t), hideOn: "small" },
    { key: "as", title: t("grants.asWhom"), cell: (grant) => accountsText(grant, t), hideOn: "medium" },
    {
      key: "until",
      title: t("grants.until"),
      cell: ({ expiresAt }) => (expiresAt === null ? t("grants.forever") : moment(expiresAt)),
      hideOn: "medium",
    },
    { key: "state", title: t("reach.state"), cell: (grant) => <GrantState state={grant.state} /> },
  ];
  return (
    <Page
      title={t("grants.title")}
      purpose={t("grants.purpose")}
      action={
        <Group gap="xs">
          {explain}
          {add}
        </Group>
      }
    >
      <List
        name={t("grants.title")}
        query={query}
        columns={columns}
        rowId={(grant) => grant.id}
        filters={[
          {
            key: "state",
            label: t("reach.state"),
            options: grantStates.map((value) => ({ value, label: t(`grants.state.${value}`) })),
          },
        ]}
        empty={
          <Empty title={t("grants.none")} text={t("grants.emptyText")}>
            {add}
          </Empty>
        }
        onOpen={(grant) => changeUrl({ id: grant.id })}
        openRowId={url.get("id")}
      />
      <Drawer
        opened={open !== undefined}
        onClose={() => changeUrl({ id: null })}
        title={open === undefined ? "" : displayText(open.name)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {open !== undefined && <GrantDetail grant={open} mayManage={mayManage} onDone={() => changeUrl({ id: null })} />}
      </Drawer>
      <ExplainAccess opened={url.has("explain")} onClose={() => changeUrl({ explain: null })} />
      {mayManage && <NewGrant opened={url.has("add")} onClose={() => changeUrl({ add: null })} />}
    </Page>
  );
}

function GrantState({ state }: { state: Grant["state"] }) {
  const { t } = useTranslation();
  return <StateMark {...looks[state]}>{t(`grants.state.${state}`)}</StateMark>;
}

function GrantDetail({ grant, mayManage, onDone }: { grant: Grant; mayManage: boolean; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { moment } = useLocale();
  const [asking, setAsking] = useState(false);
  const [changing, setChanging] = useState(false);
  const name = displayText(grant.name);
  const revoke = useMutation(
    trpc.access.revoke.mutationOptions({
      onSuccess: () => {
        showToast("done", t("grants.revoked"));
        onDone();
      },
    }),
  );
  if (changing) return <GrantForm grant={grant} onDone={onDone} />;
  return (
    <Stack gap="md">
      <Group>
        <GrantState state={grant.state} />
        {grant.ticketId !== null && (
          <Anchor component={Link} size="sm" href={`/ticket?id=${grant.ticketId}`}>
            {t("grants.request")}
          </Anchor>
        )}
      </Group>
      {grant.bound && <Text size="sm">{t("grants.bound")}</Text>}
      <Facts
        items={[
          [t("grants.who"), subjectsText(grant, t)],
          [t("grants.what"), targetsText(grant, t)],
          [t("grants.asWhom"), accountsText(grant, t)],
          [t("grants.actions"), actionsText(grant.actions, t)],
          [t("grants.from"), grant.startsAt === null ? "–" : moment(grant.startsAt)],
          [t("grants.until"), grant.expiresAt === null ? t("grants.forever") : moment(grant.expiresAt)],
          [
            t("grants.hours"),
            grant.hours === null ? t("grants.always") : hoursText(grant.hours, (day) => t(`grants.day.${day}`)),
          ],
          [t("grants.networks"), grant.addresses.length === 0 ? t("grants.anywhere") : grant.addresses.join(", ")],
          [t("grants.protocols"), grant.protocols.map((one) => (one === "@all" ? t("grants.allProtocols") : one)).join(", ")],
          [t("people.comment"), displayText(grant.comment, 500) || "–"],
        ]}
      />
      {mayManage && grant.state !== "revoked" && (
        <Group gap="xs">
          {!grant.bound && (
            <Button variant="light" onClick={() => setChanging(true)}>
              {t("grants.change")}
            </Button>
          )}
          <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
            {t("action.revoke")}
          </Button>
        </Group>
      )}
      <Confirm
        opened={asking}
        title={t("grants.revokeTitle", { asset: targetsText(grant, t) })}
        action={t("action.revoke")}
        pending={revoke.isPending}
        onConfirm={() => revoke.mutate({ id: grant.id, reason: "" })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("grants.revokeGrantText", { name })}</Text>
      </Confirm>
    </Stack>
  );
}
