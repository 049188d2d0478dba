// Whether an agent is heard, in colour, word and icon.
"use client";
import { IconCircleDashed, IconCircleFilled, IconCircleOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Agent } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

export function OnlineMark({ state }: { state: Agent["state"] }) {
  const { t } = useTranslation();
  switch (state) {
    case "online":
      return (
        <StateMark tone="green" icon={IconCircleFilled}>
          {t("state.online")}
        </StateMark>
      );
    case "offline":
      return (
        <StateMark tone="amber" icon={IconCircleDashed}>
          {t("state.offline")}
        </StateMark>
      );
    case "revoked":
      return (
        <StateMark tone="grey" icon={IconCircleOff}>
          {t("state.revoked")}
        </StateMark>
      );
  }
}
