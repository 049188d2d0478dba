// Access keys for scripts and other systems: created, shown once, revoked.
"use client";
import { Alert, Button, Group, MultiSelect, NativeSelect, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { createKey, type KeyScope, keyScopes } from "@sallyport/hub/identity/input";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { AccessKey } from "../api/types.ts";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./settings.module.css";

export function AccessKeys() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const keys = useQuery(trpc.keys.list.queryOptions());
  return (
    <Stack gap="md" maw={720}>
      <NewKey />
      <Panel title={t("settings.keys")}>
        {keys.data !== undefined ? (
          keys.data.items.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t("settings.noKeys")}
            </Text>
          ) : (
            keys.data.items.map((key) => <KeyLine key={key.id} accessKey={key} />)
          )
        ) : keys.isError ? (
          <Failed error={keys.error} onRetry={() => void keys.refetch()} />
        ) : (
          <PanelSkeleton />
        )}
      </Panel>
    </Stack>
  );
}

const nothingYet: { name: string; addresses: string[] } = { name: "", addresses: [] };
const lifetimes = ["30", "90", "365", ""] as const;

function NewKey() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [days, setDays] = useState("90");
  const [scopes, setScopes] = useState<KeyScope[]>([]);
  const create = useMutation(
    trpc.keys.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        form.set("name", "");
        form.set("addresses", []);
        setScopes([]);
        return queries.invalidateQueries({ queryKey: trpc.keys.list.queryKey() });
      },
    }),
  );
  const form = useForm(createKey.pick({ name: true, addresses: true }), nothingYet, (fields) =>
    create.mutate({
      ...fields,
      scopes: scopes.length === 0 ? null : scopes,
      ...(days === "" ? {} : { expiresInDays: Number(days) }),
    }),
  );
  const labels = {
    "30": t("settings.days30"),
    "90": t("settings.days90"),
    "365": t("settings.days365"),
    "": t("settings.noExpiry"),
  };
  return (
    <Panel title={t("settings.newKey")}>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("settings.keysText")}
          </Text>
          {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
          <Group gap="xs" align="flex-start">
            <TextInput
              flex={1}
              miw={180}
              label={t("settings.keyName")}
              value={form.values.name}
              error={form.error("name")}
              onChange={(event) => form.set("name", event.currentTarget.value)}
            />
            <NativeSelect
              label={t("settings.keyExpires")}
              value={days}
              data={lifetimes.map((value) => ({ value, label: labels[value] }))}
              onChange={(event) => setDays(event.currentTarget.value)}
            />
          </Group>
          <MultiSelect
            label={t("settings.keyScopes")}
            description={t("settings.keyScopesHint")}
            placeholder={scopes.length === 0 ? t("settings.keyScopesAll") : ""}
            value={scopes}
            data={keyScopes.map((value) => ({ value, label: t(`keyScope.${value}`) }))}
            onChange={(chosen) => setScopes(keyScopes.filter((scope) => chosen.includes(scope)))}
          />
          <TagsInput
            label={t("settings.keyAddresses")}
            description={t("settings.keyAddressesHint")}
            value={form.values.addresses ?? []}
            error={form.error("addresses")}
            maxTags={100}
            splitChars={[",", " "]}
            onChange={(addresses) => form.set("addresses", addresses)}
          />
          <Button type="submit" loading={create.isPending} style={{ alignSelf: "flex-start" }}>
            {t("settings.newKey")}
          </Button>
          {create.data !== undefined && (
            <Alert color="teal" icon={<IconKey size={18} />} title={t("settings.keyCreated")}>
              <Stack gap="xs">
                <Text size="sm">{t("settings.keyOnce")}</Text>
                <Group gap="xs" wrap="nowrap">
                  <TextInput
                    readOnly
                    flex={1}
                    ff="monospace"
                    value={create.data.key}
                    aria-label={t("settings.key")}
                    onFocus={(event) => event.currentTarget.select()}
                  />
                  <CopyButton text={create.data.key} label={t("action.copy")} />
                </Group>
              </Stack>
            </Alert>
          )}
        </Stack>
      </form>
    </Panel>
  );
}

function KeyLine({ accessKey }: { accessKey: AccessKey }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { moment } = useLocale();
  const [asking, setAsking] = useState(false);
  const name = displayText(accessKey.name);
  const revoke = useMutation(
    trpc.keys.revoke.mutationOptions({
      onSuccess: () => {
        showToast("done", t("settings.keyRevoked"));
        return queries.invalidateQueries({ queryKey: trpc.keys.list.queryKey() });
      },
    }),
  );
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <Text size="sm" truncate>
          {name} <span className="mono">{displayText(accessKey.prefix)}…</span>
        </Text>
        <Text size="xs" c="dimmed">
          {accessKey.expiresAt === null
            ? t("settings.expiresNever")
            : t("settings.expires", { when: moment(accessKey.expiresAt) })}{" "}
          · {t("settings.lastUsed")} <Moment at={accessKey.lastUsedAt} />
        </Text>
        {(accessKey.scopes !== null || accessKey.addresses.length > 0) && (
          <Text size="xs" c="dimmed">
            {[...(accessKey.scopes ?? []).map((scope) => t(`keyScope.${scope}`)), ...accessKey.addresses].join(" · ")}
          </Text>
        )}
      </div>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {t("action.revoke")}
      </Button>
      <Confirm
        opened={asking}
        title={t("settings.revokeKeyTitle", { name })}
        action={t("action.revoke")}
        pending={revoke.isPending}
        onConfirm={() => revoke.mutate({ id: accessKey.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("settings.revokeKeyText")}</Text>
      </Confirm>
    </div>
  );
}
