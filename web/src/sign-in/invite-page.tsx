// Accepting an invitation, or a reset link: choose a password and begin.
"use client";
import { Alert, Button, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { acceptInvite } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { roleTitle } from "../people/role-title.ts";
import { useUrlState } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { Card } from "./card.tsx";
import { NewPassword } from "./new-password.tsx";

export function InvitePage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const token = url.get("token") ?? "";
  const info = useQuery(trpc.auth.inviteInfo.queryOptions({ token }, { enabled: token !== "" }));
  const hub = useQuery(trpc.auth.state.queryOptions());
  if (token === "" || info.isError) {
    return (
      <Card title={t("invite.invalid")}>
        <Stack gap="sm">
          {info.isError && <Alert color="red">{errorSentence(info.error)}</Alert>}
          <Text size="sm">{t("invite.invalidText")}</Text>
        </Stack>
      </Card>
    );
  }
  return (
    <Card title={t("invite.title", { hub: displayText(hub.data?.hub.name ?? "") || t("app.name") })}>
      {info.data === undefined ? <Skeleton height={220} /> : <InviteForm token={token} info={info.data} />}
    </Card>
  );
}

function InviteForm({ token, info }: { token: string; info: Outputs["auth"]["inviteInfo"] }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const accept = useMutation(
    trpc.auth.acceptInvite.mutationOptions({
      meta: { showsError: true },
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() });
        router.replace("/");
      },
    }),
  );
  const form = useForm(acceptInvite, { token, name: info.name, password: "" }, (parsed) => accept.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm">{t("invite.text", { email: displayText(info.email), role: roleTitle(info, t) })}</Text>
        {accept.isError && <Alert color="red">{errorSentence(accept.error)}</Alert>}
        <input type="hidden" autoComplete="username" value={info.email} readOnly />
        <TextInput
          label={t("field.name")}
          autoComplete="name"
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
        />
        <NewPassword
          value={form.values.password}
          error={form.error("password")}
          onChange={(value) => form.set("password", value)}
        />
        <Button type="submit" loading={accept.isPending}>
          {t("invite.submit")}
        </Button>
        <Text size="xs" c="dimmed">
          {t("invite.expires", { when: moment(info.expiresAt) })}
        </Text>
      </Stack>
    </form>
  );
}
