// Systems that may recognise people instead of a password here: which there are, whether they answer, adding and removing them.
"use client";
import { Alert, Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SignInProvider } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";
import { CopyIcon } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { ManagedLine, ManagedLines } from "../ui/managed-lines.tsx";
import { showToast } from "../ui/toasts.tsx";
import { ProviderForm } from "./provider-form.tsx";

export function Providers() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const address = `${location.origin}/sign-in?org=${useMe().org.slug}`;
  const providers = useQuery(trpc.providers.list.queryOptions());
  return (
    <ManagedLines
      title={t("providers.title")}
      add={t("providers.add")}
      empty={t("providers.empty")}
      note={
        <Text size="sm" c="dimmed" mb="xs">
          {t("providers.address")} <span className="mono">{address}</span> <CopyIcon text={address} />
        </Text>
      }
      query={providers}
      line={(provider, onChange) => <ProviderLine key={provider.id} provider={provider} onChange={onChange} />}
      form={(provider, onDone) => <ProviderForm key={provider?.id ?? "new"} provider={provider} onDone={onDone} />}
    />
  );
}

function ProviderLine({ provider, onChange }: { provider: SignInProvider; onChange: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { id } = provider;
  const name = displayText(provider.name);
  const test = useMutation(trpc.providers.test.mutationOptions());
  const check = useMutation(
    trpc.providers.check.mutationOptions({ onSuccess: ({ gone }) => showToast("done", t("providers.checked", { count: gone })) }),
  );
  const remove = useMutation(
    trpc.providers.remove.mutationOptions({
      onSuccess: () => {
        showToast("done", t("providers.removed", { name }));
        return queries.invalidateQueries({ queryKey: trpc.providers.pathKey() });
      },
    }),
  );
  return (
    <ManagedLine
      name={name}
      active={provider.active}
      off={t("providers.off")}
      buttons={
        provider.settings.kind === "ldap" && (
          <Button size="compact-sm" variant="default" loading={check.isPending} onClick={() => check.mutate({ id })}>
            {t("providers.check")}
          </Button>
        )
      }
      test={{ label: t("providers.test"), pending: test.isPending, onTest: () => test.mutate({ id }) }}
      change={{ label: t("providers.change"), onChange }}
      remove={{
        title: t("providers.removeTitle", { name }),
        text: t("providers.removeText"),
        pending: remove.isPending,
        onRemove: (onSuccess) => remove.mutate({ id }, { onSuccess }),
      }}
    >
      <Text size="xs" c="dimmed" truncate>
        {displayText(provider.settings.kind === "oidc" ? provider.settings.issuer : provider.settings.url)} ·{" "}
        {t("providers.people", { count: provider.people })}
      </Text>
      {provider.settings.kind === "oidc" && (
        <Text size="xs" c="dimmed">
          {t("providers.callback")} <span className="mono">{provider.callbackUrl}</span> <CopyIcon text={provider.callbackUrl} />
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
    </ManagedLine>
  );
}
