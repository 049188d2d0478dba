// Asking for a link that sets a new password. The hub answers the same for everybody, and so does this page.
"use client";
import { Alert, Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { forgotPassword } from "@sallyport/hub/identity/input";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";

export function ForgotPassword({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const ask = useMutation(trpc.auth.forgotPassword.mutationOptions({ meta: { showsError: true } }));
  const form = useForm(forgotPassword, { email: "" }, (parsed) => ask.mutate(parsed));
  const back = (
    <Anchor component="button" type="button" size="xs" onClick={onBack}>
      {t("signIn.back")}
    </Anchor>
  );
  if (ask.isSuccess)
    return (
      <Stack gap="md">
        <Alert color="teal">{t("signIn.forgotSent", { email: displayText(form.values.email) })}</Alert>
        {back}
      </Stack>
    );
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {ask.isError && <Alert color="red">{errorSentence(ask.error)}</Alert>}
        <Text size="sm">{t("signIn.forgotText")}</Text>
        <TextInput
          label={t("field.email")}
          type="email"
          autoComplete="username"
          value={form.values.email}
          error={form.error("email")}
          onChange={(event) => form.set("email", event.currentTarget.value)}
          autoFocus
        />
        <Button type="submit" loading={ask.isPending}>
          {t("signIn.forgotSubmit")}
        </Button>
        {back}
      </Stack>
    </form>
  );
}
