// The last step of signing in when the password has to go: choosing another.
"use client";
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { newPassword } from "@sallyport/hub/identity/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";
import { CancelSignIn } from "./code-step.tsx";
import { NewPassword } from "./new-password.tsx";

export function PasswordStep() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const choose = useMutation(
    trpc.auth.newPassword.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const form = useForm(newPassword, { password: "" }, (parsed) => choose.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm">{t("signIn.newPasswordText")}</Text>
        {choose.isError && (
          <Alert color="red" role="alert">
            {errorSentence(choose.error)}
          </Alert>
        )}
        <NewPassword
          value={form.values.password}
          error={form.error("password")}
          onChange={(value) => form.set("password", value)}
        />
        <Group justify="space-between">
          <CancelSignIn />
          <Button type="submit" loading={choose.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
