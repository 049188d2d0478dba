// A terminal that opens once somebody has looked at it: whom it waits for, and what became of it.
"use client";
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { TicketDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import classes from "./status-line.module.css";

interface ReviewAwaitedProps {
  ticketId: string;
  /** As the hub named them when it refused. */
  deciders: string;
  onApproved: () => void;
  onOpenAgain: () => void;
  headline: (text: string, detail?: string) => React.ReactNode;
}

export function ReviewAwaited({ ticketId, deciders, onApproved, onOpenAgain, headline }: ReviewAwaitedProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const ticket = useQuery(trpc.tickets.get.queryOptions({ id: ticketId }));
  const withdraw = useMutation(trpc.tickets.withdraw.mutationOptions());
  const state = ticket.data?.state ?? "pending";
  useEffect(() => {
    if (state === "approved") onApproved();
  }, [state, onApproved]);
  const waits = state === "pending";
  return (
    <>
      {headline(waits ? waiting(deciders, t) : over(ticket.data, t), waits ? t("terminal.reviewDetail") : undefined)}
      <Button className={classes.button} size="compact-xs" variant="default" component={Link} href={`/ticket?id=${ticketId}`}>
        {t("terminal.showRequest")}
      </Button>
      {waits ? (
        <Button
          className={classes.button}
          size="compact-xs"
          variant="default"
          loading={withdraw.isPending}
          onClick={() => withdraw.mutate({ id: ticketId })}
        >
          {t("terminal.giveUp")}
        </Button>
      ) : (
        <Button className={classes.button} size="compact-xs" variant="default" onClick={onOpenAgain}>
          {t("terminal.openAgain")}
        </Button>
      )}
    </>
  );
}

const waiting = (deciders: string, t: TFunction): string =>
  deciders === "" ? t("terminal.reviewWaitsForNobody") : t("terminal.reviewWaits", { deciders: displayText(deciders, 200) });

function over(ticket: TicketDetail | undefined, t: TFunction): string {
  if (ticket?.state === "rejected") {
    const comment = displayText(ticket.decisions.at(-1)?.comment ?? "", 200);
    return t("terminal.reviewRejected", { comment });
  }
  return t(ticket?.state === "withdrawn" ? "terminal.reviewWithdrawn" : "terminal.reviewOver");
}
