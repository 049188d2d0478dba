// For system administrators: all organisations, making and disabling them, and letting people of one work in another.
"use client";
import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { addMember, createOrganisation, roleNames } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Organisation } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./settings.module.css";

function useChanged() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return (text: string) => {
    showToast("done", text);
    return queries.invalidateQueries({ queryKey: trpc.organisations.pathKey() });
  };
}

export function Organisations() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const organisations = useQuery(trpc.organisations.list.queryOptions());
  // A form that was sent begins anew.
  const [sent, setSent] = useState(0);
  const onSent = () => setSent(sent + 1);
  return (
    <Stack gap="md" maw={720}>
      <NewOrganisation key={`new ${sent}`} onSent={onSent} />
      <Panel title={t("organisations.title")}>
        {organisations.isError ? (
          <Failed error={organisations.error} onRetry={() => void organisations.refetch()} />
        ) : organisations.data === undefined ? (
          <PanelSkeleton />
        ) : (
          organisations.data.items.map((organisation) => <OrganisationLine key={organisation.id} organisation={organisation} />)
        )}
      </Panel>
      {organisations.data !== undefined && (
        <NewMember key={`member ${sent}`} organisations={organisations.data.items} onSent={onSent} />
      )}
    </Stack>
  );
}

function NewOrganisation({ onSent }: { onSent: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useChanged();
  const create = useMutation(
    trpc.organisations.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_made, { name }) => {
        onSent();
        return changed(t("organisations.made", { name: displayText(name) }));
      },
    }),
  );
  const form = useForm(createOrganisation, { name: "" }, (parsed) => create.mutate(parsed));
  return (
    <Panel title={t("organisations.new")}>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("organisations.newText")}
          </Text>
          {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
          <Group gap="xs" align="flex-start">
            <TextInput
              flex={1}
              label={t("field.name")}
              value={form.values.name}
              error={form.error("name")}
              onChange={(event) => form.set("name", event.currentTarget.value)}
            />
            <Button type="submit" mt={24} loading={create.isPending}>
              {t("organisations.make")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function OrganisationLine({ organisation }: { organisation: Organisation }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useChanged();
  const [asking, setAsking] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const name = displayText(organisation.name);
  const disable = useMutation(
    trpc.organisations.disable.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        return changed(t("organisations.disabled", { name }));
      },
      onError: () => setAsking(false),
    }),
  );
  const enable = useMutation(
    trpc.organisations.enable.mutationOptions({ onSuccess: () => changed(t("organisations.enabled", { name })) }),
  );
  const { id, active, people } = organisation;
  if (renaming) return <Rename organisation={organisation} onDone={() => setRenaming(false)} />;
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <Text size="sm" truncate>
          {name}
          {!active && ` (${t("organisations.off")})`}
        </Text>
        <Text size="xs" c="dimmed">
          {t("organisations.people", { count: people })}
        </Text>
      </div>
      <Button size="compact-sm" variant="default" onClick={() => setRenaming(true)}>
        {t("organisations.rename")}
      </Button>
      {active ? (
        <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
          {t("organisations.disable")}
        </Button>
      ) : (
        <Button size="compact-sm" variant="default" loading={enable.isPending} onClick={() => enable.mutate({ id })}>
          {t("organisations.enable")}
        </Button>
      )}
      <Confirm
        opened={asking}
        title={t("organisations.disableTitle", { name })}
        action={t("organisations.disable")}
        pending={disable.isPending}
        onConfirm={() => disable.mutate({ id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("organisations.disableText")}</Text>
      </Confirm>
    </div>
  );
}

function Rename({ organisation, onDone }: { organisation: Organisation; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const changed = useChanged();
  const rename = useMutation(
    trpc.organisations.rename.mutationOptions({
      meta: { showsError: true },
      onSuccess: async () => {
        onDone();
        await queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() });
        return changed(t("organisations.renamed"));
      },
    }),
  );
  const { id, name } = organisation;
  const form = useForm(createOrganisation, { name }, (parsed) => rename.mutate({ id, ...parsed }));
  return (
    <form onSubmit={form.submit} noValidate className={classes.line}>
      <TextInput
        className={classes.words}
        aria-label={t("organisations.newName", { name: displayText(name) })}
        value={form.values.name}
        error={rename.isError ? errorSentence(rename.error) : form.error("name")}
        onChange={(event) => form.set("name", event.currentTarget.value)}
        autoFocus
      />
      <Button size="compact-sm" variant="default" onClick={onDone}>
        {t("action.cancel")}
      </Button>
      <Button size="compact-sm" type="submit" loading={rename.isPending} disabled={form.values.name === name}>
        {t("action.save")}
      </Button>
    </form>
  );
}

const firstRole: (typeof roleNames)[number] = "user";

function NewMember({ organisations, onSent }: { organisations: Organisation[]; onSent: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useChanged();
  const add = useMutation(
    trpc.organisations.addMember.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_made, { email }) => {
        onSent();
        return changed(t("organisations.added", { email }));
      },
    }),
  );
  const form = useForm(addMember, { id: organisations[0]?.id ?? "", email: "", role: firstRole }, (parsed) => add.mutate(parsed));
  return (
    <Panel title={t("organisations.addMember")}>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("organisations.addMemberText")}
          </Text>
          {add.isError && <Alert color="red">{errorSentence(add.error)}</Alert>}
          <Group gap="xs" align="flex-start">
            <NativeSelect
              label={t("top.organisation")}
              value={form.values.id}
              data={organisations.map(({ id, name }) => ({ value: id, label: displayText(name) }))}
              onChange={(event) => form.set("id", event.currentTarget.value)}
            />
            <TextInput
              flex={1}
              miw={180}
              label={t("field.email")}
              type="email"
              value={form.values.email}
              error={form.error("email")}
              onChange={(event) => form.set("email", event.currentTarget.value)}
            />
            <NativeSelect
              label={t("field.role")}
              value={form.values.role}
              data={roleNames.map((role) => ({ value: role, label: t(`role.${role}`) }))}
              onChange={(event) => form.set("role", oneOf(event.currentTarget.value, roleNames) ?? firstRole)}
            />
            <Button type="submit" mt={24} loading={add.isPending}>
              {t("organisations.add")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
