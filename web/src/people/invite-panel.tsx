// Inviting a person: the hub makes a link, the administrator sends it.
"use client";
import { Alert, Button, Drawer, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { invite } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Role } from "../api/types.ts";
import { currentLanguage } from "../i18n/i18n.ts";
import { useForm } from "../state/use-form.ts";
import { InviteGuest } from "./invite-guest.tsx";
import { LinkOnce } from "./link-once.tsx";
import { RoleChoice } from "./role-choice.tsx";

export function InvitePanel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [as, setAs] = useState<"person" | "guest">("person");
  return (
    <Drawer opened={opened} onClose={onClose} title={t("people.invite")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Stack gap="md">
        <SegmentedControl
          aria-label={t("people.invite")}
          value={as}
          onChange={(value) => setAs(value === "guest" ? "guest" : "person")}
          data={[
            { value: "person", label: t("guests.newPerson") },
            { value: "guest", label: t("guests.guest") },
          ]}
        />
        {as === "guest" ? <InviteGuest /> : <InviteForm onClose={onClose} />}
      </Stack>
    </Drawer>
  );
}

const firstRole: Role = "user";

function InviteForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const mails = useQuery(trpc.auth.state.queryOptions()).data?.hub.mails === true;
  const send = useMutation(
    trpc.people.invite.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.people.pathKey() }),
    }),
  );
  const form = useForm(invite, { name: "", email: "", role: firstRole }, (parsed) =>
    send.mutate({ ...parsed, language: currentLanguage() }),
  );
  if (send.data !== undefined) {
    return (
      <Stack gap="md">
        <LinkOnce name={form.values.name} sent={send.data} />
        <Button variant="default" onClick={onClose} style={{ alignSelf: "flex-end" }}>
          {t("action.close")}
        </Button>
      </Stack>
    );
  }
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {mails ? t("people.inviteMailText") : t("people.inviteText")}
        </Text>
        {send.isError && <Alert color="red">{errorSentence(send.error)}</Alert>}
        <TextInput
          label={t("field.name")}
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t("field.email")}
          type="email"
          value={form.values.email}
          error={form.error("email")}
          onChange={(event) => form.set("email", event.currentTarget.value)}
        />
        <RoleChoice value={form.values.role} onChange={(role) => form.set("role", role)} />
        <Button type="submit" loading={send.isPending} style={{ alignSelf: "flex-end" }}>
          {mails ? t("people.sendInvitation") : t("people.makeLink")}
        </Button>
      </Stack>
    </form>
  );
}
