// After an emergency: what somebody else found when he looked at it.
"use client";
import { Alert, Anchor, Button, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { displayLines, displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Panel } from "../ui/panel.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./tickets.module.css";

export function ReviewEmergency({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const maySeeSessions = useMay("sessions.read-all");
  const { reviewed, may, state, requester } = ticket;
  return (
    <Panel title={t("breakGlass.review")}>
      <Stack gap="sm">
        {reviewed === null ? (
          <Text size="sm">{t(state === "approved" ? "breakGlass.reviewLater" : "breakGlass.reviewWaits")}</Text>
        ) : (
          <>
            <Text size="sm" className={classes.lines}>
              {displayLines(reviewed.findings)}
            </Text>
            <Text size="xs" c="dimmed">
              {displayText(reviewed.by.name)} · <Moment at={reviewed.at} />
            </Text>
          </>
        )}
        {maySeeSessions && (
          <Text size="sm">
            <Anchor component={Link} href={`/sessions?user=${requester.id}`} size="sm">
              {t("breakGlass.sessions")}
            </Anchor>
          </Text>
        )}
        {may.review && <Findings id={ticket.id} />}
      </Stack>
    </Panel>
  );
}

function Findings({ id }: { id: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [findings, setFindings] = useState("");
  const review = useMutation(
    trpc.breakGlass.review.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => showToast("done", t("breakGlass.reviewed")),
    }),
  );
  return (
    <>
      {review.error !== null && (
        <Alert color="red" role="alert">
          {errorSentence(review.error)}
        </Alert>
      )}
      <Textarea
        label={t("breakGlass.findings")}
        description={t("breakGlass.findingsHint")}
        autosize
        minRows={2}
        maxLength={2_000}
        value={findings}
        onChange={(event) => setFindings(event.currentTarget.value)}
      />
      <Button
        style={{ alignSelf: "flex-start" }}
        loading={review.isPending}
        disabled={findings.trim() === ""}
        onClick={() => review.mutate({ id, findings })}
      >
        {t("breakGlass.finish")}
      </Button>
    </>
  );
}
