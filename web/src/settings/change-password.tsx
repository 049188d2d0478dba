// Changing one's own password.
"use client";
import { Alert, Button, PasswordInput, Stack } from "@mantine/core";
import { changePassword } from "@sallyport/hub/identity/input";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";

export function ChangePassword() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const change = useMutation(
    trpc.auth.changePassword.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        form.set("current", "");
        form.set("next", "");
        showToast("done", t("settings.changed"));
      },
    }),
  );
  const form = useForm(changePassword, { current: "", next: "" }, (parsed) => change.mutate(parsed));
  return (
    <Panel title={t("settings.password")}>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="sm" maw={360}>
          {change.isError && <Alert color="red">{errorSentence(change.error)}</Alert>}
          <PasswordInput
            label={t("settings.current")}
            autoComplete="current-password"
            value={form.values.current}
            error={form.error("current")}
            onChange={(event) => form.set("current", event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
          />
          <PasswordInput
            label={t("settings.next")}
            autoComplete="new-password"
            value={form.values.next}
            error={form.error("next")}
            onChange={(event) => form.set("next", event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
          />
          <Button type="submit" variant="default" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
            {t("settings.change")}
          </Button>
        </Stack>
      </form>
    </Panel>
  );
}
