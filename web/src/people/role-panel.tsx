// A role in the side panel: what it allows, in words; changing one that the organisation made, and removing it.
"use client";
import { Alert, Button, Checkbox, Drawer, Group, NativeSelect, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { createRole, permissionGroups } from "@sallyport/hub/identity/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { ListedRole, Permission, Role } from "../api/types.ts";
import { useMay, useMe } from "../frame/me.tsx";
import { lookUp } from "../i18n/i18n.ts";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { useMayGive, useRoleOptions, useRoles } from "./role-choice.tsx";
import { roleMeaning, roleTitle } from "./role-title.ts";

const groupNames = ["reach", "assets", "grants", "people", "oversight", "agents", "organisation"] as const;

export function RolePanel({ role, onClose }: { role: ListedRole | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={role !== undefined}
      onClose={onClose}
      title={
        role === undefined ? "" : <strong style={{ fontSize: 16 }}>{roleTitle({ role: role.id, roleName: role.name }, t)}</strong>
      }
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {role !== undefined && <RoleOf key={role.id} role={role} onDone={onClose} />}
    </Drawer>
  );
}

function RoleOf({ role, onDone }: { role: ListedRole; onDone: () => void }) {
  const { t } = useTranslation();
  const mayManage = useMay("people.manage");
  const mayGive = useMayGive();
  if (!role.builtIn && mayManage && mayGive(role))
    return (
      <Stack gap="lg">
        <ChangeRole role={role} onDone={onDone} />
        <RemoveRole role={role} onDone={onDone} />
      </Stack>
    );
  const why = role.builtIn ? t("roles.builtIn") : mayManage ? t("roles.aboveYou") : null;
  return (
    <Stack gap="md">
      <Text size="sm">{roleMeaning(role, t)}</Text>
      {why !== null && (
        <Text size="sm" c="dimmed">
          {why}
        </Text>
      )}
      <PermissionList permissions={role.permissions} />
    </Stack>
  );
}

/** What it allows, as one reads it; nothing to tick. */
function PermissionList({ permissions }: { permissions: readonly Permission[] }) {
  const { t } = useTranslation();
  if (permissions.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("roles.nothing")}
      </Text>
    );
  return (
    <Groups
      draw={(permission) =>
        permissions.includes(permission) && (
          <div key={permission}>
            <Text size="sm">{lookUp(`permission.${permission}`, {})}</Text>
            <Text size="xs" c="dimmed">
              {lookUp(`permissionMeaning.${permission}`, {})}
            </Text>
          </div>
        )
      }
    />
  );
}

function Groups({ draw }: { draw: (permission: Permission) => ReactNode }) {
  const { t } = useTranslation();
  return groupNames.map((group) => {
    const lines = permissionGroups[group].map(draw).filter((line) => line !== false);
    return lines.length === 0 ? null : (
      <Stack key={group} gap="xs" component="section" aria-label={t(`permissionGroup.${group}`)}>
        <Text size="sm" fw={600}>
          {t(`permissionGroup.${group}`)}
        </Text>
        {lines}
      </Stack>
    );
  });
}

function useRolesChanged() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return (text: string) => {
    showToast("done", text);
    return Promise.all([
      queries.invalidateQueries({ queryKey: trpc.roles.pathKey() }),
      queries.invalidateQueries({ queryKey: trpc.people.pathKey() }),
      queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    ]);
  };
}

export function NewRolePanel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("roles.create")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <NewRole onDone={onClose} />
    </Drawer>
  );
}

function NewRole({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useRolesChanged();
  const create = useMutation(
    trpc.roles.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_made, { name }) => {
        onDone();
        return changed(t("roles.created", { name: displayText(name) }));
      },
    }),
  );
  return (
    <RoleForm
      initial={{ name: "", description: "", permissions: [] }}
      error={create.isError ? errorSentence(create.error) : null}
      pending={create.isPending}
      action={t("roles.create")}
      onSend={(fields) => create.mutate(fields)}
    />
  );
}

function ChangeRole({ role, onDone }: { role: ListedRole; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useRolesChanged();
  const change = useMutation(
    trpc.roles.change.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        onDone();
        return changed(t("roles.changed", { name: displayText(role.name) }));
      },
    }),
  );
  const { id, name, description, permissions } = role;
  return (
    <RoleForm
      initial={{ name, description, permissions: [...permissions] }}
      hint={t("roles.changeText", { count: role.people })}
      error={change.isError ? errorSentence(change.error) : null}
      pending={change.isPending}
      action={t("action.save")}
      onSend={(fields) => change.mutate({ id, ...fields })}
    />
  );
}

type Fields = { name: string; description: string; permissions: Permission[] };

interface RoleFormProps {
  initial: Fields;
  hint?: string;
  error: string | null;
  pending: boolean;
  action: string;
  onSend: (fields: Fields) => void;
}

function RoleForm({ initial, hint, error, pending, action, onSend }: RoleFormProps) {
  const { t } = useTranslation();
  const me = useMe();
  const form = useForm(createRole, initial, onSend);
  const { permissions } = form.values;
  const tick = (permission: Permission, on: boolean) =>
    form.set("permissions", on ? [...permissions, permission] : permissions.filter((one) => one !== permission));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {hint !== undefined && (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
        {error !== null && <Alert color="red">{error}</Alert>}
        <TextInput
          label={t("roles.name")}
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
          data-autofocus
        />
        <Textarea
          label={t("roles.description")}
          description={t("roles.descriptionHint")}
          autosize
          minRows={2}
          value={form.values.description}
          error={form.error("description")}
          onChange={(event) => form.set("description", event.currentTarget.value)}
        />
        <Groups
          draw={(permission) => {
            const mine = me.permissions.includes(permission);
            const meaning = lookUp(`permissionMeaning.${permission}`, {});
            return (
              <Checkbox
                key={permission}
                label={lookUp(`permission.${permission}`, {})}
                description={mine ? meaning : `${meaning} ${t("roles.notYours")}`}
                checked={permissions.includes(permission)}
                disabled={!mine}
                onChange={(event) => tick(permission, event.currentTarget.checked)}
              />
            );
          }}
        />
        <Button type="submit" loading={pending} style={{ alignSelf: "flex-end" }}>
          {action}
        </Button>
      </Stack>
    </form>
  );
}

function RemoveRole({ role, onDone }: { role: ListedRole; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const changed = useRolesChanged();
  const mayGive = useMayGive();
  const roles = useRoles();
  const titles = useRoleOptions();
  const [asking, setAsking] = useState(false);
  const [to, setTo] = useState<Role>("user");
  const name = displayText(role.name);
  const remove = useMutation(
    trpc.roles.remove.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        onDone();
        return changed(t("roles.removed", { name }));
      },
      onError: () => setAsking(false),
    }),
  );
  const others = (roles.data?.items ?? []).filter((one) => one.id !== role.id && mayGive(one));
  const chosen = others.find(({ id }) => id === to) ?? others[0];
  return (
    <Group>
      <Button variant="light" color="red" onClick={() => setAsking(true)}>
        {t("roles.remove")}
      </Button>
      <Confirm
        opened={asking}
        title={t("roles.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        disabled={role.people > 0 && chosen === undefined}
        onConfirm={() => remove.mutate({ id: role.id, ...(role.people > 0 && chosen !== undefined && { to: chosen.id }) })}
        onClose={() => setAsking(false)}
      >
        <Stack gap="sm">
          <Text size="sm">{t("roles.removeText")}</Text>
          {role.people > 0 && (
            <NativeSelect
              label={t("roles.moveTo", { count: role.people })}
              value={chosen?.id ?? ""}
              data={others.map(({ id }) => ({ value: id, label: titles.find(({ value }) => value === id)?.label ?? id }))}
              onChange={(event) => setTo(others.find(({ id }) => id === event.currentTarget.value)?.id ?? to)}
            />
          )}
        </Stack>
      </Confirm>
    </Group>
  );
}
