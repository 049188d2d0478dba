// The quiet strip above a terminal: says what the connection is doing when it is not simply live.
"use client";
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconPlugConnectedX } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { useNow } from "../ui/use-now.ts";
import { type DockTab, dock } from "./dock-store.ts";
import type { Ending, LinkState } from "./link-state.ts";
import classes from "./terminal-pane.module.css";

/** Long enough to be read when one looks up from the keyboard. */
const resumedShownMs = 6_000;

export function LinkStrip({ tab, link, onRetry }: { tab: DockTab; link: LinkState; onRetry: () => void }) {
  const { t } = useTranslation();
  switch (link.phase) {
    case "connecting":
      return (
        <div className={classes.strip} role="status">
          {t("terminal.connecting", { name: displayText(tab.name, 60) })}
        </div>
      );
    case "waiting":
    case "rejoining":
      return <Reconnecting since={link.lostAtMs} onRetry={onRetry} />;
    case "ended":
      return link.ending === null ? null : <Ended tab={tab} ending={link.ending} sessionId={link.sessionId} />;
    case "live":
      if (!link.agentOnline) return <AgentOffline />;
      return link.resumedAfterMs === null ? null : <Resumed key={link.resumedAfterMs} afterMs={link.resumedAfterMs} />;
  }
}

function Reconnecting({ since, onRetry }: { since: number | null; onRetry: () => void }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const now = useNow(1000);
  const awayMs = since === null ? 0 : now - since;
  return (
    <div className={classes.strip} data-tone="amber" data-over role="status">
      <IconPlugConnectedX size={16} aria-hidden />
      <span>
        {awayMs < 2000
          ? t("terminal.reconnecting")
          : t("terminal.reconnectingSince", { time: duration(Math.floor(awayMs / 1000) * 1000) })}
      </span>
      <Button size="compact-xs" variant="white" color="dark" onClick={onRetry}>
        {t("terminal.retryNow")}
      </Button>
    </div>
  );
}

function AgentOffline() {
  const { t } = useTranslation();
  return (
    <div className={classes.strip} data-tone="amber" data-over role="status">
      <IconPlugConnectedX size={16} aria-hidden />
      {t("terminal.agentOffline")}
    </div>
  );
}

function Resumed({ afterMs }: { afterMs: number }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const [shown, setShown] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setShown(false), resumedShownMs);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <div className={classes.strip} data-tone="green" data-over role="status">
      <IconCircleCheck size={16} aria-hidden />
      {t("terminal.resumed", { time: duration(afterMs) })}
    </div>
  );
}

function Ended({ tab, ending, sessionId }: { tab: DockTab; ending: Ending; sessionId: string | null }) {
  const { t } = useTranslation();
  const calm = ending.kind === "ended" && (ending.reason === "exit" || ending.reason === "ended-by-user");
  const Icon = calm ? IconInfoCircle : IconAlertTriangle;
  const { target, key } = tab;
  return (
    <div className={classes.strip} data-tone={calm ? undefined : "red"} role="status">
      <Icon size={16} aria-hidden />
      <span>{endingText(ending, t)}</span>
      {target.kind === "asset" && (
        <Button size="compact-xs" variant="default" onClick={() => dock.replace(key, target.assetId)}>
          {t("terminal.openAgain")}
        </Button>
      )}
      {sessionId !== null && (
        <Button size="compact-xs" variant="default" component={Link} href={`/session?id=${sessionId}`}>
          {t("terminal.showRecording")}
        </Button>
      )}
    </div>
  );
}

function endingText(ending: Ending, t: TFunction): string {
  if (ending.kind === "refused") return t("terminal.refused", { reason: sentenceOf(ending) });
  if (ending.reason === "exit" && ending.signal !== null)
    return t("terminal.endedSignal", { signal: displayText(ending.signal, 20) });
  if (ending.reason === "exit" && ending.exitCode !== null) return t("terminal.endedExit", { code: ending.exitCode });
  return t("terminal.ended", { reason: t(`endReason.${ending.reason}`) });
}
