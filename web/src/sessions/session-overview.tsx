// The facts of a session.
"use client";
import { useTranslation } from "react-i18next";
import type { SessionDetail } from "../api/types.ts";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Moment } from "../ui/moment.tsx";
import { RunningTime } from "../ui/running-time.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { SessionAccount } from "./session-account.tsx";

export function SessionOverview({ session }: { session: SessionDetail }) {
  const { t } = useTranslation();
  const { bytes, duration } = useLocale();
  const { recording, endReason, endedBy, exitCode, signal } = session;
  return (
    <Facts
      items={[
        ["ID", <ShortId key="id" id={session.id} />],
        [t("sessions.asset"), displayText(session.asset.name)],
        [t("sessions.person"), displayText(session.user.name)],
        [t("sessions.account"), <SessionAccount key="account" session={session} />],
        [t("sessions.started"), <Moment key="started" at={session.startedAt} />],
        ...(session.endedAt === null ? [] : [[t("session.ended"), <Moment key="ended" at={session.endedAt} />] as const]),
        [t("sessions.lasted"), <RunningTime key="lasted" since={session.startedAt} until={session.endedAt} />],
        ...(endReason === null ? [] : [[t("session.endReason"), t(`endReason.${endReason}`)] as const]),
        ...(endedBy === null ? [] : [[t("session.endedBy"), displayText(endedBy.name)] as const]),
        ...(exitCode === null ? [] : [[t("session.exitCode"), exitCode] as const]),
        ...(signal === null ? [] : [[t("session.signal"), displayText(signal)] as const]),
        session.kind === "dial"
          ? [t("sessions.output"), bytes(session.outputBytes)]
          : [
              t("session.recording"),
              t("session.recordingText", { duration: duration(recording.durationMs), bytes: bytes(recording.bytes) }),
            ],
      ]}
    />
  );
}
