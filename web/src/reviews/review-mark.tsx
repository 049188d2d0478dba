// How far a review is, in colour, word and icon.
"use client";
import { IconAlertTriangle, IconCheck, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AccessReview } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useNow } from "../ui/use-now.ts";

const lookAgainMs = 60_000;

export function ReviewMark({ review }: { review: Pick<AccessReview, "closedAt" | "dueAt" | "decided" | "lines"> }) {
  const { t } = useTranslation();
  const now = useNow(lookAgainMs);
  const { closedAt, dueAt, decided, lines } = review;
  if (closedAt !== null || decided === lines)
    return (
      <StateMark tone="green" icon={IconCheck}>
        {t(closedAt === null ? "reviews.allDecided" : "reviews.finished")}
      </StateMark>
    );
  return Date.parse(dueAt) < now ? (
    <StateMark tone="red" icon={IconAlertTriangle}>
      {t("reviews.late")}
    </StateMark>
  ) : (
    <StateMark tone="amber" icon={IconClock}>
      {t("reviews.goingOn")}
    </StateMark>
  );
}
