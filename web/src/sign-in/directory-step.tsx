// Name and password of a directory.
"use client";
import { Alert, Anchor, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { signInLdap } from "@sallyport/hub/federation/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";
import type { Offer } from "./use-provider.tsx";

export function DirectoryStep({ directory, onBack }: { directory: Offer; onBack: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const enter = useMutation(
    trpc.providers.signInLdap.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const form = useForm(signInLdap, { id: directory.id, username: "", password: "" }, (parsed) => enter.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {enter.isError && (
          <Alert color="red" role="alert">
            {errorSentence(enter.error)}
          </Alert>
        )}
        <TextInput
          label={t("people.username")}
          autoComplete="username"
          value={form.values.username}
          error={form.error("username")}
          onChange={(event) => form.set("username", event.currentTarget.value)}
          autoFocus
        />
        <PasswordInput
          label={t("field.password")}
          autoComplete="current-password"
          value={form.values.password}
          error={form.error("password")}
          onChange={(event) => form.set("password", event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
        />
        <Group justify="space-between">
          <Anchor component="button" type="button" size="xs" onClick={onBack}>
            {t("signIn.back")}
          </Anchor>
          <Button type="submit" loading={enter.isPending}>
            {t("signIn.submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
