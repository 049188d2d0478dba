// Systems that may recognise people instead of a password here: which there are, whether they answer, adding and removing them.
"use client";
import { Alert, Button, Drawer, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SignInProvider } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";
import { Confirm } from "../ui/confirm.tsx";
import { CopyIcon } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { ProviderForm } from "./provider-form.tsx";
import classes from "./settings.module.css";

export function Providers() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const address = `${location.origin}/sign-in?org=${useMe().org.slug}`;
  const providers = useQuery(trpc.providers.list.queryOptions());
  const [open, setOpen] = useState<SignInProvider | "new" | null>(null);
  return (
    <Panel
      title={t("providers.title")}
      action={
        <Button size="xs" variant="default" onClick={() => setOpen("new")}>
          {t("providers.add")}
        </Button>
      }
    >
      <Text size="sm" c="dimmed" mb="xs">
        {t("providers.address")} <span className="mono">{address}</span> <CopyIcon text={address} />
      </Text>
      {providers.isError ? (
        <Failed error={providers.error} onRetry={() => void providers.refetch()} />
      ) : providers.data === undefined ? (
        <PanelSkeleton />
      ) : providers.data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("providers.empty")}
        </Text>
      ) : (
        providers.data.items.map((provider) => (
          <ProviderLine key={provider.id} provider={provider} onOpen={() => setOpen(provider)} />
        ))
      )}
      <Drawer
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open === "new" || open === null ? t("providers.add") : displayText(open.name)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {open !== null && (
          <ProviderForm
            key={open === "new" ? "new" : open.id}
            provider={open === "new" ? null : open}
            onDone={() => setOpen(null)}
          />
        )}
      </Drawer>
    </Panel>
  );
}

function ProviderLine({ provider, onOpen }: { provider: SignInProvider; onOpen: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = displayText(provider.name);
  const test = useMutation(trpc.providers.test.mutationOptions());
  const check = useMutation(
    trpc.providers.check.mutationOptions({ onSuccess: ({ gone }) => showToast("done", t("providers.checked", { count: gone })) }),
  );
  const remove = useMutation(
    trpc.providers.remove.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        showToast("done", t("providers.removed", { name }));
        return queries.invalidateQueries({ queryKey: trpc.providers.pathKey() });
      },
    }),
  );
  return (
    <div className={classes.line}>
      <Stack className={classes.words} gap={2}>
        <Text size="sm" truncate>
          {name}
          {!provider.active && ` (${t("providers.off")})`}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {displayText(provider.settings.kind === "oidc" ? provider.settings.issuer : provider.settings.url)} ·{" "}
          {t("providers.people", { count: provider.people })}
        </Text>
        {provider.settings.kind === "oidc" && (
          <Text size="xs" c="dimmed">
            {t("providers.callback")} <span className="mono">{provider.callbackUrl}</span>{" "}
            <CopyIcon text={provider.callbackUrl} />
          </Text>
        )}
        {test.data !== undefined && (
          <Alert color={test.data.works ? "teal" : "red"} role="status">
            {Object.hasOwn(en.providerTest, test.data.code)
              ? lookUp(`providerTest.${test.data.code}`, {})
              : t("providerTest.failed")}{" "}
            {!test.data.works && displayText(test.data.detail, 300)}
          </Alert>
        )}
      </Stack>
      {provider.settings.kind === "ldap" && (
        <Button size="compact-sm" variant="default" loading={check.isPending} onClick={() => check.mutate({ id: provider.id })}>
          {t("providers.check")}
        </Button>
      )}
      <Button size="compact-sm" variant="default" loading={test.isPending} onClick={() => test.mutate({ id: provider.id })}>
        {t("providers.test")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={onOpen}>
        {t("providers.change")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {t("action.delete")}
      </Button>
      <Confirm
        opened={asking}
        title={t("providers.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: provider.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("providers.removeText")}</Text>
      </Confirm>
    </div>
  );
}
