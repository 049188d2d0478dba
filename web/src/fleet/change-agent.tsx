// Renaming an agent and moving it to another zone.
"use client";
import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AgentDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

export function RenameAgent({ agent, onClose }: { agent: AgentDetail; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [name, setName] = useState(agent.name);
  const rename = useMutation(
    trpc.fleet.renameAgent.mutationOptions({
      onSuccess: () => {
        showToast("done", t("fleet.renamed", { name: displayText(name) }));
        onClose();
      },
    }),
  );
  return (
    <SmallForm
      title={t("fleet.rename")}
      pending={rename.isPending}
      disabled={name.trim() === ""}
      onSubmit={() => rename.mutate({ id: agent.id, name: name.trim() })}
      onClose={onClose}
    >
      <TextInput label={t("field.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
    </SmallForm>
  );
}

export function MoveAgent({ agent, onClose }: { agent: AgentDetail; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const zones = useQuery(trpc.fleet.zones.queryOptions());
  const [zoneId, setZoneId] = useState<string>(agent.zone.id);
  const zoneName = zones.data?.items.find(({ id }) => id === zoneId)?.name ?? "";
  const move = useMutation(
    trpc.fleet.moveAgent.mutationOptions({
      onSuccess: () => {
        showToast("done", t("fleet.moved", { zone: displayText(zoneName) }));
        onClose();
      },
    }),
  );
  return (
    <SmallForm
      title={t("fleet.move")}
      pending={move.isPending}
      disabled={zoneId === agent.zone.id}
      onSubmit={() => move.mutate({ id: agent.id, zoneId })}
      onClose={onClose}
    >
      <NativeSelect
        label={t("fleet.moveTo")}
        value={zoneId}
        data={(zones.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) }))}
        onChange={(event) => setZoneId(event.currentTarget.value)}
        data-autofocus
      />
    </SmallForm>
  );
}

interface SmallFormProps {
  title: string;
  pending: boolean;
  disabled: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

function SmallForm({ title, pending, disabled, onSubmit, onClose, children }: SmallFormProps) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <Stack gap="md">
          {children}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("action.cancel")}
            </Button>
            <Button type="submit" loading={pending} disabled={disabled}>
              {t("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
