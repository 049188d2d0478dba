// What was reached on the asset: a login, or a port.
"use client";
import { useTranslation } from "react-i18next";
import type { SessionSummary } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

export function SessionAccount({
  session: { kind, account, port },
}: {
  session: Pick<SessionSummary, "kind" | "account" | "port">;
}) {
  const { t } = useTranslation();
  return kind === "dial" ? t("sessions.port", { port: port ?? "" }) : <span className="mono">{displayText(account, 40)}</span>;
}
