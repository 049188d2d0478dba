// One request: what is asked for, how it stands, who decided what, and what whoever looks may do now.
"use client";
import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Textarea } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayLines, displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Failed, Missing } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { Decide } from "./decide.tsx";
import { ExtendTicket } from "./extend-ticket.tsx";
import { isAskable, kinds } from "./kinds/kinds.ts";
import { ReviewEmergency } from "./review-emergency.tsx";
import { Course } from "./ticket-course.tsx";
import { TicketMark } from "./ticket-mark.tsx";
import classes from "./tickets.module.css";

export function TicketPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const ticket = useQuery(trpc.tickets.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  if (id === null) return <Missing />;
  if (ticket.data !== undefined) return <TicketOf key={id} ticket={ticket.data} />;
  if (ticket.isError) return <Failed error={ticket.error} onRetry={() => void ticket.refetch()} />;
  return (
    <Stack p="xl" aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="50vh" />
    </Stack>
  );
}

function TicketOf({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const { Given } = kinds[ticket.asked.kind];
  const [url] = useUrlState();
  return (
    <Page
      title={displayText(ticket.title)}
      purpose={
        <Group gap="sm">
          <TicketMark {...ticket} />
          <span>
            {displayText(ticket.requester.name)} · <Moment at={ticket.submittedAt ?? ticket.createdAt} />
          </span>
        </Group>
      }
      action={<TicketActions ticket={ticket} />}
    >
      {ticket.origin === "emergency" ? (
        <Alert color="red" mb="md" title={t(`ticketOrigin.${ticket.origin}`)} icon={<IconAlertTriangle aria-hidden />} />
      ) : (
        ticket.origin !== "asked" && (
          <Text size="sm" c="dimmed" mb="md">
            {t(`ticketOrigin.${ticket.origin}`)}
          </Text>
        )
      )}
      <div className={classes.columns}>
        <Stack gap="md">
          {ticket.origin === "emergency" && <ReviewEmergency ticket={ticket} />}
          {Given !== undefined && ticket.grantId !== null && <Given ticket={ticket} />}
          <Panel title={t("tickets.what")}>
            <Asked ticket={ticket} />
          </Panel>
          <Panel title={t("tickets.why")}>
            <Text size="sm" className={classes.lines}>
              {displayLines(ticket.reason)}
            </Text>
            {ticket.references.length > 0 && (
              <ul className={classes.references}>
                {ticket.references.map((reference) => (
                  <li key={reference}>
                    <Reference text={reference} />
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </Stack>
        <Stack gap="md">
          {/* Beside what is asked for, and below it on a phone: it is read first. */}
          {ticket.may.decide && <Decide key={ticket.level} ticket={ticket} link={url.get("link")} />}
          <Panel title={t("tickets.course")}>
            <Course ticket={ticket} />
          </Panel>
          <Comments ticket={ticket} />
        </Stack>
      </div>
    </Page>
  );
}

/** What it says it is: an address of the web is a link, and nothing else is. */
function Reference({ text }: { text: string }) {
  const isWeb = URL.canParse(text) && ["https:", "http:"].includes(new URL(text).protocol);
  return isWeb ? (
    <Anchor href={text} target="_blank" rel="noreferrer noopener" size="sm">
      {displayText(text, 200)}
    </Anchor>
  ) : (
    <Text size="sm">{displayText(text, 200)}</Text>
  );
}

function Asked({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const { duration, moment } = useLocale();
  const { asked, narrowed } = ticket;
  const given = narrowed ?? asked;
  // Nobody approved what was taken or given at once: it began when it was written.
  const waited = ticket.origin !== "emergency" && ticket.origin !== "at-once";
  const isGiven = ticket.state === "approved" || ticket.state === "ended";
  const begins = given.startsAt ?? (waited ? (isGiven ? ticket.decidedAt : null) : ticket.submittedAt);
  const fromText = begins === null ? t("tickets.fromApproval") : moment(begins);
  // It may have ended before its time.
  const end = ticket.state === "ended" ? ticket.endedAt : ticket.endsAt;
  const ends = end === null ? null : moment(end);
  const { Facts: KindFacts } = kinds[asked.kind];
  return (
    <>
      {narrowed !== null && (
        <Text size="sm" mb="xs">
          {t("tickets.narrowed")}
        </Text>
      )}
      <KindFacts
        ticket={ticket}
        asked={asked}
        given={given}
        common={[
          [
            t("tickets.howLong"),
            given.minutes === asked.minutes ? (
              duration(asked.minutes * 60_000)
            ) : (
              <span key="length">
                <s className={classes.dropped}>{duration(asked.minutes * 60_000)}</s> {duration(given.minutes * 60_000)}
              </span>
            ),
          ],
          [t("tickets.from"), fromText],
          ...(ends === null ? [] : [[t("tickets.until"), ends] as const]),
          ...(ticket.extendsId === null
            ? []
            : [
                [
                  t("tickets.extends"),
                  <Anchor key="extends" component={Link} href={`/ticket?id=${ticket.extendsId}`} size="sm">
                    {t("tickets.before")}
                  </Anchor>,
                ] as const,
              ]),
        ]}
      />
    </>
  );
}

function Comments({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const say = useMutation(trpc.tickets.comment.mutationOptions({ onSuccess: () => setText("") }));
  return (
    <Panel title={t("tickets.comments")}>
      <Stack gap="sm">
        {ticket.comments.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("tickets.noComments")}
          </Text>
        )}
        {ticket.comments.map(({ id, by, text: said, at }) => (
          <div key={id}>
            <Text size="sm">
              <b>{displayText(by.name)}</b>{" "}
              <Text span size="xs" c="dimmed">
                <Moment at={at} />
              </Text>
            </Text>
            <Text size="sm" className={classes.lines}>
              {displayLines(said)}
            </Text>
          </div>
        ))}
        {ticket.may.comment && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (text.trim() !== "") say.mutate({ id: ticket.id, text });
            }}
          >
            <Stack gap="xs" align="flex-start">
              <Textarea
                w="100%"
                aria-label={t("tickets.writeComment")}
                placeholder={t("tickets.writeComment")}
                autosize
                maxLength={2_000}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Button type="submit" size="compact-sm" variant="default" loading={say.isPending} disabled={text.trim() === ""}>
                {t("tickets.say")}
              </Button>
            </Stack>
          </form>
        )}
      </Stack>
    </Panel>
  );
}

function TicketActions({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [asking, setAsking] = useState<"withdraw" | "end" | null>(null);
  const done = (text: string) => {
    showToast("done", text);
    setAsking(null);
  };
  const withdraw = useMutation(trpc.tickets.withdraw.mutationOptions({ onSuccess: () => done(t("tickets.withdrawn")) }));
  const end = useMutation(trpc.tickets.end.mutationOptions({ onSuccess: () => done(t("tickets.ended")) }));
  const submit = useMutation(trpc.tickets.change.mutationOptions({ onSuccess: () => done(t("tickets.sent")) }));
  const own = useMe().id === ticket.requester.id;
  const { id, title, reason, references, asked } = ticket;
  return (
    <>
      {ticket.may.change && isAskable(asked) && (
        <Button loading={submit.isPending} onClick={() => submit.mutate({ id, title, reason, references, asked, submit: true })}>
          {t("tickets.send")}
        </Button>
      )}
      {ticket.may.extend && <ExtendTicket ticket={ticket} />}
      {ticket.may.end && (
        <Button variant="light" color="red" onClick={() => setAsking("end")}>
          {t("tickets.end")}
        </Button>
      )}
      {own && ticket.may.withdraw && (
        <Button variant="default" onClick={() => setAsking("withdraw")}>
          {t("tickets.withdraw")}
        </Button>
      )}
      {own && isAskable(asked) && (
        <Button variant="default" onClick={() => router.push(`/tickets/new?like=${id}`)}>
          {t("tickets.again")}
        </Button>
      )}
      <Confirm
        opened={asking !== null}
        title={asking === "end" ? t("tickets.endTitle") : t("tickets.withdrawTitle")}
        action={asking === "end" ? t("tickets.end") : t("tickets.withdraw")}
        pending={withdraw.isPending || end.isPending}
        onConfirm={() => (asking === "end" ? end.mutate({ id }) : withdraw.mutate({ id }))}
        onClose={() => setAsking(null)}
      >
        <Text size="sm">{asking === "end" ? t("tickets.endText") : t("tickets.withdrawText")}</Text>
      </Confirm>
    </>
  );
}
