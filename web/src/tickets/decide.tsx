// Deciding: all of it, less of it, or no.
"use client";
import { Alert, Button, Checkbox, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";
import { LengthSelect } from "./time-fields.tsx";

export function Decide({ ticket }: { ticket: TicketDetail }) {
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
  const names = new Map(ticket.assets.map(({ id, name }) => [id, name]));
  const nothing = given.assetIds.length === 0 || given.accounts.length === 0 || given.actions.length === 0;
  const { id } = ticket;
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
            <Parts
              label={t("tickets.servers")}
              all={whole.assetIds}
              left={given.assetIds}
              word={(one) => displayText(names.get(one) ?? one)}
              onChange={(assetIds) => setGiven({ ...given, assetIds })}
            />
            <Parts
              label={t("grants.asWhom")}
              all={whole.accounts}
              left={given.accounts}
              word={(one) => displayText(one)}
              onChange={(accounts) => setGiven({ ...given, accounts })}
            />
            <Parts
              label={t("grants.actions")}
              all={whole.actions}
              left={given.actions}
              word={(one) => t(`grants.${one as "connect"}`)}
              onChange={(left) => setGiven({ ...given, actions: whole.actions.filter((action) => left.includes(action)) })}
            />
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
            disabled={nothing}
            onClick={() => decide.mutate({ id, decision: "approve", comment, ...(narrowing ? { narrowed: given } : {}) })}
          >
            {t(narrowing ? "tickets.approveThis" : "tickets.approve")}
          </Button>
          <Button
            variant="light"
            color="red"
            loading={decide.isPending}
            onClick={() => decide.mutate({ id, decision: "reject", comment })}
          >
            {t("tickets.reject")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

interface PartsProps {
  label: string;
  all: readonly string[];
  left: readonly string[];
  word: (one: string) => string;
  onChange: (left: string[]) => void;
}

function Parts({ label, all, left, word, onChange }: PartsProps) {
  return (
    <Checkbox.Group label={label} value={[...left]} onChange={(chosen) => onChange(all.filter((one) => chosen.includes(one)))}>
      <Group mt={6} gap="sm">
        {all.map((one) => (
          <Checkbox key={one} value={one} label={word(one)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
