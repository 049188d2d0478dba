// The same access for longer: asked for again, decided again.
"use client";
import { Alert, Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { LengthSelect } from "./time-fields.tsx";

export function ExtendTicket({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [opened, setOpened] = useState(false);
  const [minutes, setMinutes] = useState(60);
  const [reason, setReason] = useState("");
  const extend = useMutation(
    trpc.tickets.extend.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ id }) => {
        setOpened(false);
        router.push(`/ticket?id=${id}`);
      },
    }),
  );
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        {t("tickets.extend")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t("tickets.extendTitle")}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            extend.mutate({ id: ticket.id, minutes, reason });
          }}
        >
          <Stack gap="md">
            {extend.error !== null && <Alert color="red">{errorSentence(extend.error)}</Alert>}
            <LengthSelect minutes={minutes} most={Number.POSITIVE_INFINITY} onChange={setMinutes} />
            <Textarea
              label={t("tickets.reason")}
              autosize
              minRows={2}
              maxLength={2_000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={() => setOpened(false)}>
                {t("action.cancel")}
              </Button>
              <Button type="submit" loading={extend.isPending} disabled={reason.trim() === ""}>
                {t("tickets.send")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
