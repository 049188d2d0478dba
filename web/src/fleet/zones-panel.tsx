// The zones of the organisation: create, rename, delete when empty.
"use client";
import { ActionIcon, Button, Drawer, Group, Text, TextInput, Tooltip } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Zone } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./fleet.module.css";

export function ZonesPanel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const zones = useQuery(trpc.fleet.zones.queryOptions(undefined, { enabled: opened }));
  const mayManage = useMay("fleet.manage");
  return (
    <Drawer opened={opened} onClose={onClose} title={t("zones.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Text size="sm" c="dimmed" mb="md">
        {t("zones.text")}
      </Text>
      {zones.data !== undefined ? (
        zones.data.items.map((zone) => <ZoneRow key={zone.id} zone={zone} mayManage={mayManage} />)
      ) : zones.isError ? (
        <Failed error={zones.error} onRetry={() => void zones.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
      {mayManage && <NewZone />}
    </Drawer>
  );
}

function ZoneRow({ zone, mayManage }: { zone: Zone; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [renaming, setRenaming] = useState(false);
  const name = displayText(zone.name);
  const remove = useMutation(
    trpc.fleet.deleteZone.mutationOptions({ onSuccess: () => showToast("done", t("zones.deleted", { name })) }),
  );
  if (renaming) return <RenameZone zone={zone} onDone={() => setRenaming(false)} />;
  return (
    <div className={classes.zone}>
      <div className={classes.zoneName}>
        <div className="truncate">{name}</div>
        <Text size="xs" c="dimmed">
          {t("zones.online", { online: zone.online, total: zone.agents })}
        </Text>
      </div>
      {mayManage && (
        <>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("zones.renameZone", { name })}
            onClick={() => setRenaming(true)}
          >
            <IconPencil size={16} />
          </ActionIcon>
          <Tooltip label={zone.agents > 0 ? t("zones.emptyOnly") : t("action.delete")}>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t("zones.deleteZone", { name })}
              aria-disabled={zone.agents > 0}
              {...(zone.agents > 0 ? { "data-disabled": true } : {})}
              loading={remove.isPending}
              onClick={() => zone.agents === 0 && remove.mutate({ id: zone.id })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
    </div>
  );
}

function RenameZone({ zone, onDone }: { zone: Zone; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const rename = useMutation(trpc.fleet.renameZone.mutationOptions({ onSuccess: onDone }));
  return (
    <NameForm
      label={t("zones.renameZone", { name: displayText(zone.name) })}
      start={zone.name}
      action={t("action.save")}
      pending={rename.isPending}
      onSubmit={(name) => rename.mutate({ id: zone.id, name })}
    />
  );
}

function NewZone() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const create = useMutation(
    trpc.fleet.createZone.mutationOptions({
      onSuccess: (_zone, { name }) => showToast("done", t("zones.created", { name: displayText(name) })),
    }),
  );
  return (
    <NameForm
      key={create.data?.id ?? "first"}
      label={t("zones.newName")}
      start=""
      action={t("zones.create")}
      pending={create.isPending}
      onSubmit={(name) => create.mutate({ name })}
    />
  );
}

interface NameFormProps {
  label: string;
  start: string;
  action: string;
  pending: boolean;
  onSubmit: (name: string) => void;
}

function NameForm({ label, start, action, pending, onSubmit }: NameFormProps) {
  const [name, setName] = useState(start);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onSubmit(name.trim());
      }}
    >
      <Group gap="xs" my="sm" wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          placeholder={label}
          aria-label={label}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={pending} disabled={name.trim() === ""}>
          {action}
        </Button>
      </Group>
    </form>
  );
}
