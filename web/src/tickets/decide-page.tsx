// Where the link of a mail leads: what is asked for, then the sign-in, then the request itself. Nothing is decided here, and looking uses nothing up.
"use client";
import { Alert, Button, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useEnterOrganisation } from "../frame/organisations.tsx";
import { Card } from "../sign-in/card.tsx";
import { useUrlState } from "../state/url-state.ts";
import { displayLines, displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./tickets.module.css";

type LookedAt = Outputs["tickets"]["link"];

export function DecidePage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const link = url.get("link") ?? "";
  const found = useQuery(trpc.tickets.link.queryOptions({ link }, { enabled: link !== "", retry: false }));
  if (link === "" || found.isError)
    return (
      <Card title={t("decideLink.invalid")}>
        <Stack gap="md">
          <Alert color="red">{found.isError ? errorSentence(found.error) : t("decideLink.incomplete")}</Alert>
          <ToInbox />
        </Stack>
      </Card>
    );
  if (found.data === undefined)
    return (
      <Card title={t("decideLink.title")}>
        <Skeleton height={180} />
      </Card>
    );
  const { standing } = found.data;
  return (
    <Card title={standing === "open" ? t("decideLink.title") : t("decideLink.over")}>
      {standing === "open" ? (
        <Asked link={link} found={found.data} />
      ) : (
        <Stack gap="md">
          <Text size="sm">{t(`decideLinkOver.${standing}`)}</Text>
          <ToInbox />
        </Stack>
      )}
    </Card>
  );
}

function Asked({ link, found }: { link: string; found: LookedAt }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const { ticket, organisation, expiresAt } = found;
  if (ticket === null) return null;
  return (
    <Stack gap="md">
      <Text fw={600}>{displayText(ticket.title)}</Text>
      <Facts
        items={[
          [t("tickets.by"), displayText(ticket.requester)],
          [
            t("tickets.reason"),
            <div key="reason" className={classes.lines}>
              {displayLines(ticket.reason)}
            </div>,
          ],
          [t("tickets.level"), t("tickets.levelOf", { level: ticket.level, levels: ticket.levels })],
          [t("top.organisation"), displayText(organisation.name)],
        ]}
      />
      <Go link={link} found={found} />
      <Text size="xs" c="dimmed">
        {t("decideLink.until", { when: moment(expiresAt) })}
      </Text>
    </Stack>
  );
}

/** On to the decision: by signing in, by going to its organisation, or, for somebody else, not. */
function Go({ link, found }: { link: string; found: LookedAt }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { viewer, organisation, ticketId } = found;
  const page = `/ticket?id=${ticketId ?? ""}&link=${link}`;
  const enter = useEnterOrganisation(page);
  const again = `/decide?link=${link}`;
  const leave = useMutation(
    trpc.auth.signOut.mutationOptions({ onSuccess: () => location.assign(`/sign-in?next=${encodeURIComponent(again)}`) }),
  );
  switch (viewer) {
    case "nobody":
      return (
        <Button component={Link} href={`/sign-in?next=${encodeURIComponent(again)}`}>
          {t("decideLink.signIn")}
        </Button>
      );
    case "another":
      return (
        <Stack gap="sm">
          <Alert color="yellow">{t("decideLink.another")}</Alert>
          <Button variant="default" loading={leave.isPending} onClick={() => leave.mutate()}>
            {t("decideLink.signInAsOther")}
          </Button>
          <ToInbox />
        </Stack>
      );
    case "yours":
      return organisation.isHere ? (
        <Button component={Link} href={page}>
          {t("decideLink.go")}
        </Button>
      ) : (
        <Button loading={enter.isPending} onClick={() => enter.mutate({ id: organisation.id })}>
          {t("decideLink.goThere", { organisation: displayText(organisation.name) })}
        </Button>
      );
  }
}

function ToInbox() {
  const { t } = useTranslation();
  return (
    <Button component={Link} href="/tickets?box=to-decide" variant="default">
      {t("decideLink.inbox")}
    </Button>
  );
}
