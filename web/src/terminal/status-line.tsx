// The line under a terminal: what its link is doing, in words, and how long a keystroke travels. It has its own place and height, so
// that it neither covers a cell nor resizes the shell.
"use client";
import { Button, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import Link from "next/link";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { AskButton, canBeAskedFor } from "../tickets/ask-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { formatRoundTrip } from "../ui/format.ts";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { useNow } from "../ui/use-now.ts";
import { type DockTab, dock } from "./dock-store.ts";
import type { Ending, LinkState } from "./link-state.ts";
import { ReviewAwaited } from "./review-awaited.tsx";
import classes from "./status-line.module.css";

/** Long enough to be read when one looks up from the keyboard. */
const resumedShownMs = 8_000;

interface StatusLineProps {
  tab: DockTab;
  link: LinkState;
  onRetry: () => void;
}

export function StatusLine({ tab, link, onRetry }: StatusLineProps) {
  return (
    <div className={classes.line} data-tone={toneOf(link)}>
      <span className={classes.dot} aria-hidden />
      <Words tab={tab} link={link} onRetry={onRetry} />
      {link.answers && link.phase === "live" && link.sessionId !== null && <TakeAnswer sessionId={link.sessionId} />}
      <RoundTrip link={link} />
    </div>
  );
}

function toneOf({ phase, agentOnline, ending }: LinkState): "quiet" | "green" | "amber" | "red" {
  switch (phase) {
    case "connecting":
      return "quiet";
    case "live":
      return agentOnline ? "green" : "amber";
    case "waiting":
    case "rejoining":
      return "amber";
    case "ended":
      if (ending?.kind === "refused" && ending.code === "review-needed") return "amber";
      return isCalm(ending) ? "quiet" : "red";
  }
}

const isCalm = (ending: Ending | null) =>
  ending?.kind === "ended" && (ending.reason === "exit" || ending.reason === "ended-by-user");

function Words({ tab, link, onRetry }: StatusLineProps) {
  const { t } = useTranslation();
  switch (link.phase) {
    case "connecting":
      return <State headline={t("terminal.connecting", { name: displayText(tab.name, 60) })} />;
    case "waiting":
    case "rejoining":
      return link.agentOnline ? (
        <Reconnecting since={link.lostAtMs} onRetry={onRetry} />
      ) : (
        <AgentAway since={link.agentAwaySinceMs} />
      );
    case "ended":
      return link.ending === null ? null : <Ended tab={tab} ending={link.ending} sessionId={link.sessionId} />;
    case "live":
      if (!link.agentOnline) return <AgentAway since={link.agentAwaySinceMs} />;
      return <Live key={`${link.resumes}`} afterMs={link.resumedAfterMs} />;
  }
}

/** The detail gives way where the line is narrow; what counts seconds is not read out each second. */
function State({ headline, counting, detail }: { headline: string; counting?: string; detail?: string }) {
  return (
    <span className={classes.words} title={detail}>
      <span role="status" className={classes.headline}>
        {headline}
      </span>
      {counting !== undefined && <span className={classes.counting}>{counting}</span>}
      {detail !== undefined && <span className={classes.detail}>{detail}</span>}
    </span>
  );
}

function Live({ afterMs }: { afterMs: number | null }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const [fresh, setFresh] = useState(afterMs !== null);
  useEffect(() => {
    const timer = setTimeout(() => setFresh(false), resumedShownMs);
    return () => clearTimeout(timer);
  }, []);
  if (!fresh || afterMs === null) return <State headline={t("terminal.live")} />;
  return <State headline={t("terminal.resumed", { time: duration(afterMs) })} detail={t("terminal.resumedDetail")} />;
}

function Reconnecting({ since, onRetry }: { since: number | null; onRetry: () => void }) {
  const { t } = useTranslation();
  const counting = useSecondsSince(since);
  const online = useSyncExternalStore(
    watchOnline,
    () => navigator.onLine,
    () => true,
  );
  return (
    <>
      <State
        headline={t(online ? "terminal.reconnecting" : "terminal.browserOffline")}
        counting={counting}
        detail={t("terminal.reconnectingDetail")}
      />
      <Button className={classes.button} size="compact-xs" variant="default" onClick={onRetry}>
        {t("terminal.retryNow")}
      </Button>
    </>
  );
}

function AgentAway({ since }: { since: number | null }) {
  const { t } = useTranslation();
  const counting = useSecondsSince(since);
  return <State headline={t("terminal.agentAway")} counting={counting} detail={t("terminal.agentAwayDetail")} />;
}

/** Of an SQL terminal: what it was answered last, as a file. */
function TakeAnswer({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const take = useMutation({
    meta: { showsError: true },
    mutationFn: async () => {
      const response = await fetch(`/api/v1/sessions/${sessionId}/last-answer.csv`);
      if (!response.ok) {
        showToast("failed", t(response.status === 404 ? "terminal.noAnswer" : "terminal.answerRefused"));
        return;
      }
      saveFile(await response.blob(), `${sessionId}.csv`);
    },
    onError: () => showToast("failed", t("terminal.answerRefused")),
  });
  return (
    <Button
      className={classes.button}
      size="compact-xs"
      variant="default"
      leftSection={<IconDownload size={13} aria-hidden />}
      loading={take.isPending}
      onClick={() => take.mutate()}
    >
      {t("terminal.takeAnswer")}
    </Button>
  );
}

function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function useSecondsSince(since: number | null): string {
  const { duration } = useLocale();
  const now = useNow(1000);
  return duration(Math.max(0, Math.floor((now - (since ?? now)) / 1000) * 1000));
}

function watchOnline(changed: () => void): () => void {
  const stop = new AbortController();
  addEventListener("online", changed, { signal: stop.signal });
  addEventListener("offline", changed, { signal: stop.signal });
  return () => stop.abort();
}

function Ended({ tab, ending, sessionId }: { tab: DockTab; ending: Ending; sessionId: string | null }) {
  const { t } = useTranslation();
  const { target, key } = tab;
  const again = useCallback(() => dock.replace(key, target), [key, target]);
  if (target.kind === "asset" && ending.kind === "refused" && ending.code === "review-needed")
    return (
      <ReviewAwaited
        ticketId={String(ending.facts["ticketId"] ?? "")}
        deciders={String(ending.facts["deciders"] ?? "")}
        onApproved={again}
        onOpenAgain={again}
        headline={(text, detail) => <State headline={text} {...(detail === undefined ? {} : { detail })} />}
      />
    );
  return (
    <>
      <State headline={endingText(ending, t)} />
      {target.kind === "asset" && ending.kind === "refused" && canBeAskedFor(ending.code) && (
        <AskButton
          className={classes.button}
          size="compact-xs"
          wish={
            target.protocol === undefined
              ? { assets: [target.assetId], actions: ["connect"] }
              : { kind: "database", assets: [target.assetId] }
          }
        />
      )}
      {target.kind === "asset" && (
        <Button className={classes.button} size="compact-xs" variant="default" onClick={again}>
          {t("terminal.openAgain")}
        </Button>
      )}
      {sessionId !== null && (
        <Button className={classes.button} size="compact-xs" variant="default" component={Link} href={`/session?id=${sessionId}`}>
          {t("terminal.showRecording")}
        </Button>
      )}
    </>
  );
}

function endingText(ending: Ending, t: TFunction): string {
  if (ending.kind === "refused") return t("terminal.refused", { reason: sentenceOf(ending) });
  if (ending.reason === "exit" && ending.signal !== null)
    return t("terminal.endedSignal", { signal: displayText(ending.signal, 20) });
  if (ending.reason === "exit" && ending.exitCode !== null) return t("terminal.endedExit", { code: ending.exitCode });
  return t("terminal.ended", { reason: t(`endReason.${ending.reason}`) });
}

function RoundTrip({ link: { phase, roundTripMs, agentRoundTripUs } }: { link: LinkState }) {
  const { t } = useTranslation();
  if (phase !== "live" || roundTripMs === null) return null;
  const hub = formatRoundTrip(roundTripMs * 1000);
  const agent = agentRoundTripUs === null ? "–" : formatRoundTrip(agentRoundTripUs);
  const parts = t("terminal.roundTrip", { hub, agent });
  return (
    <Tooltip label={parts}>
      <span className={classes.roundTrip}>
        <VisuallyHidden>{parts}</VisuallyHidden>
        <span aria-hidden>{formatRoundTrip(roundTripMs * 1000 + (agentRoundTripUs ?? 0))}</span>
      </span>
    </Tooltip>
  );
}
