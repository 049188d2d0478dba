// The state of a request in colour, word and icon.
"use client";
import { IconArrowBackUp, IconCheck, IconClock, IconClockX, IconFlag, IconPencil, IconX } from "@tabler/icons-react";
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

export function TicketMark({ state }: Pick<Ticket, "state">) {
  const { t } = useTranslation();
  return <StateMark {...looks[state]}>{t(`ticketState.${state}`)}</StateMark>;
}
