// The second step of signing in: a code of the authenticator app, or a recovery code.
"use client";
import { Alert, Anchor, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { code as codeInput } from "@sallyport/hub/identity/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";

/** Gives up this sign-in, to begin again as somebody else. */
export function CancelSignIn() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.auth.cancelSignIn.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  return (
    <Anchor component="button" type="button" size="xs" onClick={() => cancel.mutate()}>
      {t("signIn.back")}
    </Anchor>
  );
}

export function CodeStep() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const show = useMutation(
    trpc.auth.showCode.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const form = useForm(codeInput, { code: "" }, (parsed) => show.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {show.isError && (
          <Alert color="red" role="alert">
            {errorSentence(show.error)}
          </Alert>
        )}
        <Text size="sm">{t("secondFactor.codeText")}</Text>
        <TextInput
          label={t("secondFactor.code")}
          autoComplete="one-time-code"
          value={form.values.code}
          error={form.error("code")}
          onChange={(event) => form.set("code", event.currentTarget.value)}
          autoFocus
        />
        <Group justify="space-between">
          <CancelSignIn />
          <Button type="submit" loading={show.isPending}>
            {t("signIn.submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
