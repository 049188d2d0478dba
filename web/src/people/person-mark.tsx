// The state of a person's account in colour, word and icon.
"use client";
import { IconBan, IconCalendarOff, IconCircleCheck, IconLock, IconMail } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Person } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

const tones = { active: "green", invited: "blue", disabled: "grey", locked: "amber", expired: "grey" } as const;
const icons = { active: IconCircleCheck, invited: IconMail, disabled: IconBan, locked: IconLock, expired: IconCalendarOff };

export function PersonMark({ state }: { state: Person["state"] }) {
  const { t } = useTranslation();
  return (
    <StateMark tone={tones[state]} icon={icons[state]}>
      {t(`personState.${state}`)}
    </StateMark>
  );
}
