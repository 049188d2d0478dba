// Whose certificate a database server has to show: who vouches for it, and where whoever manages assets says so.
"use client";
import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { authorityCharactersMax, certificateCheck as shape } from "@sallyport/hub/assets/input";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";

type AssetDetail = Outputs["assets"]["get"];

/** An empty name is none. */
const fields = shape.extend({
  serverName: z.preprocess((text) => (text === "" ? null : text), shape.shape.serverName),
});

export function CertificateCheck({ asset: { id, certificateCheck } }: { asset: AssetDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("assets.manage");
  const [editing, setEditing] = useState(false);
  const change = useMutation(
    trpc.assets.change.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("certificates.saved"));
        setEditing(false);
      },
    }),
  );
  return (
    <Panel title={t("certificates.title")}>
      <Stack gap="sm">
        <Text size="sm">{certificateCheck === null ? t("certificates.unchecked") : t("certificates.checked")}</Text>
        {certificateCheck?.authorities.map(({ subject, fingerprint, expiresAt }) => (
          <Stack key={fingerprint} gap={0}>
            <Text size="sm">{displayText(subject)}</Text>
            <Text size="xs" c="dimmed">
              {t("certificates.until")} <Moment at={expiresAt} />
            </Text>
            <span className="mono truncate">{fingerprint}</span>
          </Stack>
        ))}
        {certificateCheck !== null && certificateCheck.serverName !== null && (
          <Text size="sm">{t("certificates.for", { name: displayText(certificateCheck.serverName) })}</Text>
        )}
        {change.isError && (
          <Alert color="red" role="alert">
            {errorSentence(change.error)}
          </Alert>
        )}
        {mayManage && !editing && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setEditing(true)}>
              {certificateCheck === null ? t("certificates.begin") : t("certificates.change")}
            </Button>
            {certificateCheck !== null && (
              <Button
                variant="subtle"
                color="red"
                loading={change.isPending}
                onClick={() => change.mutate({ id, certificateCheck: null })}
              >
                {t("certificates.stop")}
              </Button>
            )}
          </Group>
        )}
        {mayManage && editing && (
          <CheckForm
            serverName={certificateCheck?.serverName ?? ""}
            pending={change.isPending}
            onSend={(check) => change.mutate({ id, certificateCheck: check })}
            onCancel={() => setEditing(false)}
          />
        )}
      </Stack>
    </Panel>
  );
}

interface CheckFormProps {
  serverName: string;
  pending: boolean;
  onSend: (check: z.infer<typeof fields>) => void;
  onCancel: () => void;
}

function CheckForm({ serverName, pending, onSend, onCancel }: CheckFormProps) {
  const { t } = useTranslation();
  const form = useForm(fields, { authorities: "", serverName }, onSend);
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="sm">
        <Textarea
          label={t("certificates.authorities")}
          description={t("certificates.authoritiesHint")}
          rows={6}
          maxLength={authorityCharactersMax}
          className="mono"
          value={form.values.authorities}
          error={form.error("authorities") === undefined ? undefined : t("certificates.wrong")}
          onChange={(event) => form.set("authorities", event.currentTarget.value)}
        />
        <TextInput
          label={t("certificates.serverName")}
          description={t("certificates.serverNameHint")}
          value={form.values.serverName}
          error={form.error("serverName")}
          onChange={(event) => form.set("serverName", event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button type="submit" loading={pending}>
            {t("action.save")}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("action.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
