// The state of a request in colour, word and icon.
"use client";
import { IconArrowBackUp, IconCheck, IconClock, IconClockX, IconEye, IconFlag, IconPencil, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Ticket } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

const looks = {
  draft: { tone: "grey", icon: IconPencil },
  pending: { tone: "amber", icon: IconClock },
  approved: { tone: "green", icon: IconCheck },
  rejected: { tone: "red", icon: IconX },
  withdrawn: { tone: "grey", icon: IconArrowBackUp },
  lapsed: { tone: "red", icon: IconClockX },
  ended: { tone: "grey", icon: IconFlag },
} as const;

export function TicketMark({ state, review }: Pick<Ticket, "state" | "review">) {
  const { t } = useTranslation();
  if (state === "ended" && review === "to-be-reviewed")
    return (
      <StateMark tone="red" icon={IconEye}>
        {t("breakGlass.toBeReviewed")}
      </StateMark>
    );
  return <StateMark {...looks[state]}>{t(`ticketState.${state}`)}</StateMark>;
}
