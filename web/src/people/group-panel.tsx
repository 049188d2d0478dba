// A group in the side panel: its name, who is in it, adding and removing people.
"use client";
import { ActionIcon, Alert, Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { createGroup } from "@sallyport/hub/identity/input";
import { IconUserMinus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { PeopleGroup, Person } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { nextPage } from "../list/use-page-list.ts";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./grants.module.css";
import { PeoplePicker } from "./people-picker.tsx";

export function GroupPanel({ group, onClose }: { group: PeopleGroup | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const mayManage = useMay("people.manage");
  return (
    <Drawer
      opened={group !== undefined}
      onClose={onClose}
      title={group === undefined ? "" : <strong style={{ fontSize: 16 }}>{displayText(group.name)}</strong>}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {group !== undefined && (
        <Stack key={group.id} gap="lg">
          {mayManage && <AddMembers group={group} />}
          <Members group={group} mayManage={mayManage} />
          {mayManage && <ChangeGroup group={group} onDeleted={onClose} />}
        </Stack>
      )}
    </Drawer>
  );
}

/** What a change of groups makes stale: the groups, their people, and what people reach through them. */
function useGroupsChanged() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () =>
    Promise.all(
      [trpc.groups.pathKey(), trpc.people.pathKey(), trpc.access.pathKey()].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    );
}

function AddMembers({ group }: { group: PeopleGroup }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useGroupsChanged();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const add = useMutation(
    trpc.groups.addMembers.mutationOptions({
      onSuccess: ({ changed }) => {
        setChosen([]);
        showToast("done", t("groups.added", { count: changed }));
        return refresh();
      },
    }),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen.length > 0) add.mutate({ id: group.id, userIds: [...chosen] });
      }}
    >
      <Stack gap="xs">
        <PeoplePicker chosen={chosen} onChange={setChosen} label={t("groups.addPeople")} hint={t("groups.addHint")} />
        <Button
          type="submit"
          variant="light"
          loading={add.isPending}
          disabled={chosen.length === 0}
          style={{ alignSelf: "flex-start" }}
        >
          {t("groups.add")}
        </Button>
      </Stack>
    </form>
  );
}

function Members({ group, mayManage }: { group: PeopleGroup; mayManage: boolean }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const trpc = useTRPC();
  const members = useInfiniteQuery(trpc.people.list.infiniteQueryOptions({ groupId: group.id }, nextPage));
  if (members.isError) return <Failed error={members.error} onRetry={() => void members.refetch()} />;
  if (members.data === undefined) return <PanelSkeleton />;
  const people = members.data.pages.flatMap(({ items }) => items);
  const total = members.data.pages.at(-1)?.total ?? 0;
  if (people.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("groups.noMembers")}
      </Text>
    );
  return (
    <div>
      {people.map((person) => (
        <MemberLine key={person.id} group={group} person={person} mayManage={mayManage} />
      ))}
      <Group gap="md" mt="xs">
        <Text size="xs" c="dimmed" className="tabular">
          {t("list.shown", { shown: count(people.length), total: count(total) })}
        </Text>
        {members.hasNextPage && (
          <Button variant="default" size="xs" loading={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}>
            {t("action.more")}
          </Button>
        )}
      </Group>
    </div>
  );
}

function MemberLine({ group, person, mayManage }: { group: PeopleGroup; person: Person; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useGroupsChanged();
  const name = displayText(person.name);
  const remove = useMutation(
    trpc.groups.removeMembers.mutationOptions({
      onSuccess: () => {
        showToast("done", t("groups.removed", { name }));
        return refresh();
      },
    }),
  );
  return (
    <div className={classes.grant}>
      <div className={classes.words}>
        <div className="truncate">{name}</div>
        <Text size="xs" c="dimmed" truncate>
          {displayText(person.email)}
        </Text>
      </div>
      {mayManage && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("groups.remove", { name })}
          loading={remove.isPending}
          onClick={() => remove.mutate({ id: group.id, userIds: [person.id] })}
        >
          <IconUserMinus size={16} />
        </ActionIcon>
      )}
    </div>
  );
}

function ChangeGroup({ group, onDeleted }: { group: PeopleGroup; onDeleted: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useGroupsChanged();
  const [asking, setAsking] = useState(false);
  const name = displayText(group.name);
  const rename = useMutation(
    trpc.groups.rename.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("groups.renamed"));
        return refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.groups.delete.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        onDeleted();
        showToast("done", t("groups.deleted", { name }));
        return refresh();
      },
    }),
  );
  const form = useForm(createGroup, { name: group.name }, (parsed) => rename.mutate({ id: group.id, ...parsed }));
  return (
    <>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="xs">
          {rename.isError && <Alert color="red">{errorSentence(rename.error)}</Alert>}
          <Group gap="xs" align="flex-end" wrap="nowrap">
            <TextInput
              flex={1}
              label={t("groups.name")}
              value={form.values.name}
              error={form.error("name")}
              onChange={(event) => form.set("name", event.currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={rename.isPending} disabled={form.values.name === group.name}>
              {t("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
      <Button variant="light" color="red" style={{ alignSelf: "flex-start" }} onClick={() => setAsking(true)}>
        {t("groups.delete")}
      </Button>
      <Confirm
        opened={asking}
        title={t("groups.deleteTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: group.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("groups.deleteText", { count: group.members })}</Text>
      </Confirm>
    </>
  );
}

export function NewGroupPanel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("groups.create")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <NewGroup onDone={onClose} />
    </Drawer>
  );
}

function NewGroup({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useGroupsChanged();
  const create = useMutation(
    trpc.groups.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_group, { name }) => {
        showToast("done", t("groups.created", { name: displayText(name) }));
        onDone();
        return refresh();
      },
    }),
  );
  const form = useForm(createGroup, { name: "" }, (parsed) => create.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
        <TextInput
          label={t("groups.name")}
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
          data-autofocus
        />
        <Button type="submit" loading={create.isPending} style={{ alignSelf: "flex-end" }}>
          {t("groups.create")}
        </Button>
      </Stack>
    </form>
  );
}
