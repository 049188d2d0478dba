// Deciding: all of it, less of it, or no.
"use client";
import { Alert, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
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
  const { Narrow, isAnything } = kinds[whole.kind];
  const which = { id: ticket.id, comment, ...(link === null ? {} : { link }) };
  return (
    <Panel title={t("tickets.decide")}>
      <Stack gap="md">
        {decide.error !== null && (
          <Alert color="red" role="alert">
            {errorSentence(decide.error)}
          </Alert>
        )}
        {narrowing ? (
          <>
            <Text size="sm">{t("tickets.narrowHint")}</Text>
            <Narrow ticket={ticket} whole={whole} given={given} onChange={setGiven} />
            <LengthSelect minutes={given.minutes} most={whole.minutes} onChange={(minutes) => setGiven({ ...given, minutes })} />
          </>
        ) : (
          <Button variant="subtle" size="compact-sm" style={{ alignSelf: "flex-start" }} onClick={() => setNarrowing(true)}>
            {t("tickets.narrow")}
          </Button>
        )}
        <Textarea
          label={t("tickets.comment")}
          autosize
          maxLength={2_000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button
            loading={decide.isPending}
            disabled={!isAnything(given)}
            onClick={() => decide.mutate({ ...which, decision: "approve", ...(narrowing ? { narrowed: given } : {}) })}
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
