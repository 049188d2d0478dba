// Revoking an agent: for ever, so the name is typed and the consequences are read first.
"use client";
import { List, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AgentDetail } from "../api/types.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

export function RevokeAgent({ agent, onClose }: { agent: AgentDetail; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const name = displayText(agent.name);
  const revoke = useMutation(
    trpc.fleet.revokeAgent.mutationOptions({
      onSuccess: () => {
        showToast("done", t("fleet.revoked", { name }));
        onClose();
      },
    }),
  );
  return (
    <Confirm
      opened
      title={t("fleet.revokeTitle", { name })}
      action={t("fleet.revoke")}
      pending={revoke.isPending}
      disabled={typed !== agent.name || reason.trim() === ""}
      onConfirm={() => revoke.mutate({ id: agent.id, reason: reason.trim() })}
      onClose={onClose}
    >
      <List size="sm">
        <List.Item>{t("fleet.revokeText")}</List.Item>
        {agent.liveStreams > 0 && <List.Item>{t("fleet.revokeStreams", { count: agent.liveStreams })}</List.Item>}
        {agent.assets.length > 0 && <List.Item>{t("fleet.revokeAssets", { count: agent.assets.length })}</List.Item>}
      </List>
      <Text size="sm">{t("fleet.revokeAgain")}</Text>
      <TextInput
        label={t("fleet.reason")}
        description={t("fleet.reasonHint")}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("fleet.typeName", { name })}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
      />
    </Confirm>
  );
}
