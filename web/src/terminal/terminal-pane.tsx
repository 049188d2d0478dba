// One terminal as it is seen: thin header, the screen, the status line below it, and its questions.
"use client";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../state/store.ts";
import { displayText } from "../ui/display-text.ts";
import { formatBytes } from "../ui/format.ts";
import { showToast } from "../ui/toasts.tsx";
import { CloseQuestion } from "./close-question.tsx";
import { type DockTab, dock } from "./dock-store.ts";
import { FindBar } from "./find-bar.tsx";
import { LineBar } from "./line-bar.tsx";
import type { Notice } from "./live-terminal.ts";
import { liveTerminal } from "./live-terminals.ts";
import { LoginQuestion } from "./login-question.tsx";
import { pasteBytesMax } from "./paste.ts";
import { StatusLine } from "./status-line.tsx";
import { TerminalHeader } from "./terminal-header.tsx";
import classes from "./terminal-pane.module.css";
import { TerminalQuestion } from "./terminal-question.tsx";

interface TerminalPaneProps {
  tab: DockTab;
  visible: boolean;
  /** Has the keyboard; of two shown side by side only one does. */
  active: boolean;
  closing: boolean;
  onCloseAnswered: () => void;
  /** In its own window there is no dock to go back to. */
  alone?: boolean;
}

export function TerminalPane({ tab, visible, active, closing, onCloseAnswered, alone = false }: TerminalPaneProps) {
  const { t, i18n } = useTranslation();
  const onNotice = (notice: Notice) => {
    const limit = formatBytes(pasteBytesMax, i18n.language);
    showToast("failed", notice === "backlog" ? t("terminal.backlog") : t("terminal.pasteTooLong", { limit }));
  };
  const [terminal] = useState(() => liveTerminal(tab, onNotice));
  const { link, question, findOpen, found, title, line, cursorLow } = useStore(terminal.state);
  const screen = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery("(max-width: 640px)");

  useEffect(() => {
    const host = screen.current;
    if (!visible || host === null) return;
    terminal.attach(host);
    return () => terminal.detach();
  }, [terminal, visible]);

  useEffect(() => {
    if (active) terminal.focus();
  }, [terminal, active]);

  useEffect(() => {
    if (alone && title !== "") document.title = title;
  }, [alone, title]);

  const { target } = tab;
  const { ending } = link;
  /** What the hub asks for before it opens; null when it asks nothing. */
  const asking =
    ending?.kind === "refused" && (ending.code === "secret-needed" || ending.code === "username-needed")
      ? { username: String(ending.facts["username"] ?? ""), asksPassword: ending.code === "secret-needed" }
      : null;
  const ended = link.phase === "ended";
  useEffect(() => {
    if (!closing || !ended) return;
    dock.remove(tab.key);
    onCloseAnswered();
  }, [closing, ended, tab.key, onCloseAnswered]);

  return (
    <section className={classes.pane} hidden={!visible} aria-label={t("terminal.region", { name: displayText(tab.name, 60) })}>
      <TerminalHeader tab={tab} link={link} title={title} terminal={terminal} alone={alone} narrow={narrow === true} />
      <div className={classes.area}>
        <div ref={screen} className={classes.screen} />
        {findOpen && <FindBar terminal={terminal} found={found} />}
        {line.state !== "free" && !ended && (
          <LineBar line={line} low={cursorLow} mine={link.owner} onAnswer={(go) => terminal.answerRule(go)} />
        )}
      </div>
      <StatusLine tab={tab} link={link} onRetry={() => terminal.retryNow()} />
      {visible && asking !== null && target.kind === "asset" && (
        <LoginQuestion
          asset={tab.name}
          {...asking}
          onAnswer={(login) => dock.replace(tab.key, { ...target, login })}
          onClose={() => dock.remove(tab.key)}
        />
      )}
      {question !== null && <TerminalQuestion question={question} onAnswer={(yes) => terminal.answer(yes)} />}
      <CloseQuestion
        opened={closing && !ended}
        name={tab.name}
        onEnd={() => {
          terminal.end();
          // The hub's "ended" arrives while the tab is still there; a link that is down cannot carry it.
          if (link.phase !== "live") dock.remove(tab.key);
        }}
        onLeave={() => {
          dock.remove(tab.key);
          onCloseAnswered();
        }}
        onClose={onCloseAnswered}
      />
    </section>
  );
}
