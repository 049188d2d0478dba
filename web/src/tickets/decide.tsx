// Deciding: all of it, less of it, or no.
"use client";
import { Alert, Button, Checkbox, Group, Stack, Text, Textarea } from "@mantine/core";
import { startAuthentication } from "@simplewebauthn/browser";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";
import { kinds } from "./kinds/kinds.ts";
import { LengthSelect } from "./time-fields.tsx";

/** link: of the mail that it was opened from; null: of none. */
export function Decide({ ticket, link }: { ticket: TicketDetail; link: string | null }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const whole = ticket.narrowed ?? ticket.asked;
  const [given, setGiven] = useState(whole);
  const [comment, setComment] = useState("");
  const [narrowing, setNarrowing] = useState(false);
  const decide = useMutation(
    trpc.tickets.decide.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_, { decision }) => showToast("done", t(decision === "approve" ? "tickets.approved" : "tickets.rejected")),
    }),
  );
  const { Narrow, isAnything, isWhole = false } = kinds[whole.kind];
  const which = { id: ticket.id, comment, ...(link === null ? {} : { link }) };
  const [signs, setSigns] = useState(ticket.script?.signature ?? false);
  const [refused, setRefused] = useState(false);
  // Agents may ask for a passkey's signature where the hub does not know of it, so whoever has one may always give it.
  const passkeys = useQuery(trpc.passkeys.list.queryOptions(undefined, { enabled: ticket.script !== null }));
  const narrowed = narrowing ? { narrowed: given } : {};
  const propose = useMutation(
    trpc.tickets.proposeApproval.mutationOptions({
      meta: { showsError: true },
      onSuccess: async (proposed) => {
        setRefused(false);
        if (proposed === null) {
          decide.mutate({ ...which, decision: "approve", ...narrowed });
          return;
        }
        const answer = await startAuthentication({ optionsJSON: proposed.options }).catch(() => null);
        // The person or the device said no; the browser has shown why.
        if (answer === null) setRefused(true);
        else
          decide.mutate({
            ...which,
            decision: "approve",
            ...narrowed,
            signed: { approval: proposed.approval, answer: { ...answer, clientExtensionResults: {} } },
          });
      },
    }),
  );
  const failure = decide.error ?? propose.error;
  return (
    <Panel title={t("tickets.decide")}>
      <Stack gap="md">
        {(failure !== null || refused) && (
          <Alert color="red" role="alert">
            {failure === null ? t("scriptTicket.notSigned") : errorSentence(failure)}
          </Alert>
        )}
        {narrowing ? (
          <>
            <Text size="sm">{t("tickets.narrowHint")}</Text>
            {Narrow !== undefined && <Narrow ticket={ticket} whole={whole} given={given} onChange={setGiven} />}
            <LengthSelect minutes={given.minutes} most={whole.minutes} onChange={(minutes) => setGiven({ ...given, minutes })} />
          </>
        ) : (
          !isWhole && (
            <Button
              variant="subtle"
              size="compact-sm"
              px={0}
              style={{ alignSelf: "flex-start" }}
              onClick={() => setNarrowing(true)}
            >
              {t("tickets.narrow")}
            </Button>
          )
        )}
        <Textarea
          label={t("tickets.comment")}
          autosize
          maxLength={2_000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {ticket.script !== null && (ticket.script.signature || (passkeys.data?.items.length ?? 0) > 0) && (
          <Checkbox
            label={t("scriptTicket.sign")}
            description={t(ticket.script.signature ? "scriptTicket.signNeeded" : "scriptTicket.signHint")}
            checked={signs}
            disabled={ticket.script.signature}
            onChange={(event) => setSigns(event.currentTarget.checked)}
          />
        )}
        <Group gap="xs">
          <Button
            loading={decide.isPending || propose.isPending}
            disabled={!isAnything(given)}
            onClick={() =>
              signs
                ? propose.mutate({ id: ticket.id, ...narrowed })
                : decide.mutate({ ...which, decision: "approve", ...narrowed })
            }
          >
            {t(narrowing ? "tickets.approveThis" : "tickets.approve")}
          </Button>
          <Button
            variant="light"
            color="red"
            loading={decide.isPending}
            onClick={() => decide.mutate({ ...which, decision: "reject" })}
          >
            {t("tickets.reject")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
