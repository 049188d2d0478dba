// A session's state in colour, word and icon.
"use client";
import { Group } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCircleFilled, IconLoader2, IconPlugConnectedX, IconUrgent } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { EndReason, SessionSummary } from "../api/types.ts";
import { StateMark } from "../ui/state-mark.tsx";

/** Ends that somebody chose; the others happened to the session. */
const chosenEnds: readonly EndReason[] = ["exit", "closed", "detached", "ended-by-user", "ended-by-admin"];

export function SessionMark({ session }: { session: Pick<SessionSummary, "state" | "endReason" | "agentOnline"> }) {
  const { t } = useTranslation();
  const { state, endReason, agentOnline } = session;
  if (state === "opening") {
    return (
      <StateMark tone="blue" icon={IconLoader2} pulse>
        {t("sessionState.opening")}
      </StateMark>
    );
  }
  if (state === "live") {
    return agentOnline ? (
      <StateMark tone="green" icon={IconCircleFilled} pulse>
        {t("sessionState.live")}
      </StateMark>
    ) : (
      <StateMark tone="amber" icon={IconPlugConnectedX}>
        {t("state.offline")}
      </StateMark>
    );
  }
  const chosen = endReason === null || chosenEnds.includes(endReason);
  return (
    <StateMark tone={chosen ? "grey" : "red"} icon={chosen ? IconCheck : IconAlertTriangle}>
      {endReason === null ? t("sessionState.ended") : t(`endReason.${endReason}`)}
    </StateMark>
  );
}

/** With what it was opened under, when that was an emergency. */
export function SessionMarks({
  session,
}: {
  session: Pick<SessionSummary, "state" | "endReason" | "agentOnline" | "emergency">;
}) {
  const { t } = useTranslation();
  if (!session.emergency) return <SessionMark session={session} />;
  return (
    <Group gap="xs" wrap="nowrap">
      <SessionMark session={session} />
      <StateMark tone="red" icon={IconUrgent}>
        {t("breakGlass.session")}
      </StateMark>
    </Group>
  );
}
