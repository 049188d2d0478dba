// Asking somebody who has an account on this hub, in another organisation, to work here as a guest; and who was asked and has not answered.
"use client";
import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { inviteGuest } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { GuestInvitation, Role } from "../api/types.ts";
import { currentLanguage } from "../i18n/i18n.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./grants.module.css";
import { LinkOnce } from "./link-once.tsx";
import { RoleChoice } from "./role-choice.tsx";
import { roleTitle } from "./role-title.ts";

const firstRole: Role = "user";

export function InviteGuest() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const send = useMutation(
    trpc.guests.invite.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.guests.pathKey() }),
    }),
  );
  const form = useForm(inviteGuest, { email: "", role: firstRole, language: currentLanguage() }, (parsed) => send.mutate(parsed));
  return (
    <Stack gap="lg">
      <form onSubmit={form.submit} noValidate>
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {t("guests.text")}
          </Text>
          {send.isError && <Alert color="red">{errorSentence(send.error)}</Alert>}
          {send.data !== undefined && <LinkOnce name={send.variables.email} sent={send.data} />}
          <TextInput
            label={t("field.email")}
            type="email"
            value={form.values.email}
            error={form.error("email")}
            onChange={(event) => form.set("email", event.currentTarget.value)}
            data-autofocus
          />
          <RoleChoice value={form.values.role} onChange={(role) => form.set("role", role)} />
          <Button type="submit" loading={send.isPending} style={{ alignSelf: "flex-end" }}>
            {t("guests.ask")}
          </Button>
        </Stack>
      </form>
      <Asked />
    </Stack>
  );
}

function Asked() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const asked = useQuery(trpc.guests.invitations.queryOptions());
  if (asked.isError) return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined || asked.data.items.length === 0) return null;
  return (
    <section aria-label={t("guests.asked")}>
      <Text size="sm" fw={600} mb={4}>
        {t("guests.asked")}
      </Text>
      {asked.data.items.map((invitation) => (
        <AskedLine key={invitation.id} invitation={invitation} />
      ))}
    </section>
  );
}

function AskedLine({ invitation }: { invitation: GuestInvitation }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const email = displayText(invitation.email);
  const withdraw = useMutation(
    trpc.guests.withdraw.mutationOptions({
      onSuccess: () => {
        showToast("done", t("guests.withdrawn", { email }));
        return queries.invalidateQueries({ queryKey: trpc.guests.pathKey() });
      },
    }),
  );
  return (
    <div className={classes.grant}>
      <div className={classes.words}>
        <div className="truncate">{email}</div>
        <Text size="xs" c="dimmed">
          {roleTitle(invitation, t)} · {t("guests.until", { when: moment(invitation.expiresAt) })}
        </Text>
      </div>
      <Button
        size="compact-sm"
        variant="default"
        loading={withdraw.isPending}
        onClick={() => withdraw.mutate({ id: invitation.id })}
      >
        {t("guests.withdraw")}
      </Button>
    </div>
  );
}
