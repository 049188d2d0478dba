// "Is it still you?": asked when the hub wants a factor shown again before a grave act; then the act is done after all.
"use client";
import { Alert, Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { UseProvider } from "../sign-in/use-provider.tsx";
import { Store, useStore } from "../state/store.ts";

/** What is done once the person has confirmed; null while nothing waits. */
const waiting = new Store<(() => void) | null>(null);

/** Asks the person to confirm, then does the work. A later question replaces an earlier one. */
export const confirmFirst = (work: () => void): void => waiting.set(work);

export function ConfirmIdentity() {
  const { t } = useTranslation();
  const work = useStore(waiting);
  const close = () => waiting.set(null);
  return (
    <Modal
      opened={work !== null}
      onClose={close}
      title={t("confirmIdentity.title")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {work !== null && (
        <Question
          onClose={close}
          onConfirmed={() => {
            close();
            work();
          }}
        />
      )}
    </Modal>
  );
}

function Question({ onConfirmed, onClose }: { onConfirmed: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [shown, setShown] = useState("");
  const factor = useQuery(trpc.auth.secondFactor.queryOptions());
  const byCode = factor.data?.totp === true;
  const provider = useQuery(trpc.providers.current.queryOptions());
  const confirm = useMutation(trpc.auth.confirm.mutationOptions({ meta: { showsError: true }, onSuccess: onConfirmed }));
  const atDirectory = useMutation(trpc.providers.confirm.mutationOptions({ meta: { showsError: true }, onSuccess: onConfirmed }));
  const byProvider = factor.data !== undefined && !byCode && !factor.data.password;
  const byDirectory = byProvider && provider.data?.kind === "ldap";
  const asking = byDirectory ? atDirectory : confirm;
  if (byProvider && !byDirectory)
    return (
      <Stack gap="md">
        <Text size="sm">{t("confirmIdentity.byProvider")}</Text>
        <UseProvider offers={provider.data ? [provider.data] : []} next={location.pathname + location.search} again />
      </Stack>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (byDirectory) atDirectory.mutate({ password: shown });
        else confirm.mutate(byCode ? { code: shown } : { password: shown });
      }}
    >
      <Stack gap="md">
        <Text size="sm">{byCode ? t("confirmIdentity.byCode") : t("confirmIdentity.byPassword")}</Text>
        {asking.isError && (
          <Alert color="red" role="alert">
            {errorSentence(asking.error)}
          </Alert>
        )}
        {byCode ? (
          <TextInput
            label={t("secondFactor.code")}
            autoComplete="one-time-code"
            value={shown}
            onChange={(event) => setShown(event.currentTarget.value)}
            data-autofocus
          />
        ) : (
          <PasswordInput
            label={t("field.password")}
            autoComplete="current-password"
            value={shown}
            onChange={(event) => setShown(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
            data-autofocus
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={asking.isPending} disabled={shown === "" || factor.data === undefined}>
            {t("confirmIdentity.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
