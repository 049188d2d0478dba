// The link by which another organisation asks whoever is signed in to be its guest.
"use client";
import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { useEnterOrganisation } from "../frame/organisations.tsx";
import { useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Page } from "../ui/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { roleTitle } from "./role-title.ts";

export function GuestPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const me = useMe();
  const [url] = useUrlState();
  const token = url.get("token") ?? "";
  // Once accepted the link is used up: what it asked stays on the screen.
  const asked = useQuery(
    trpc.guests.invitation.queryOptions({ token }, { enabled: token !== "", staleTime: Number.POSITIVE_INFINITY }),
  );
  return (
    <Page title={t("guests.pageTitle")} purpose={t("guests.pagePurpose")}>
      <Stack maw={560}>
        <Panel>
          {token === "" || asked.isError ? (
            <Stack gap="sm">
              <Alert color="red">{asked.isError ? errorSentence(asked.error) : t("invite.invalid")}</Alert>
              <Text size="sm">{t("guests.notYours", { email: displayText(me.email) })}</Text>
            </Stack>
          ) : asked.data === undefined ? (
            <Skeleton height={120} />
          ) : (
            <Asked token={token} asked={asked.data} />
          )}
        </Panel>
      </Stack>
    </Page>
  );
}

function Asked({ token, asked }: { token: string; asked: Outputs["guests"]["invitation"] }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const enter = useEnterOrganisation();
  const organisation = displayText(asked.organisation.name);
  const accept = useMutation(
    trpc.guests.accept.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.organisations.pathKey() }),
    }),
  );
  if (accept.isSuccess)
    return (
      <Stack gap="md">
        <Alert color="teal">{t("guests.accepted", { organisation })}</Alert>
        <Button style={{ alignSelf: "flex-start" }} loading={enter.isPending} onClick={() => enter.mutate(accept.data)}>
          {t("guests.enter", { organisation })}
        </Button>
      </Stack>
    );
  return (
    <Stack gap="md">
      <Text size="sm">{t("guests.question", { by: displayText(asked.by), organisation, role: roleTitle(asked, t) })}</Text>
      <Text size="sm" c="dimmed">
        {t("guests.meaning")}
      </Text>
      {accept.isError && <Alert color="red">{errorSentence(accept.error)}</Alert>}
      <Group gap="xs">
        <Button loading={accept.isPending} onClick={() => accept.mutate({ token })}>
          {t("guests.accept")}
        </Button>
        <Button variant="default" component="a" href="/">
          {t("guests.notNow")}
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        {t("guests.until", { when: moment(asked.expiresAt) })}
      </Text>
    </Stack>
  );
}
