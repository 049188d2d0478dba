// A terminal alone in its own window. Closing the window leaves the session running in the hub's care.
"use client";
import dynamic from "next/dynamic";
import { useMemo } from "react";
import { useUrlState } from "../state/url-state.ts";
import { Missing } from "../ui/page-states.tsx";
import type { DockTab } from "./dock-store.ts";
import classes from "./terminal-page.module.css";

const TerminalPane = dynamic(() => import("./terminal-pane.tsx").then(({ TerminalPane }) => TerminalPane), { ssr: false });

const nothing = () => undefined;

export function TerminalPage() {
  const [url] = useUrlState();
  const sessionId = url.get("id");
  const tab = useMemo(
    (): DockTab | null =>
      sessionId === null ? null : { key: "alone", name: "", target: { kind: "session", sessionId }, sessionId },
    [sessionId],
  );
  if (tab === null) return <Missing />;
  return (
    <div className={classes.window}>
      <TerminalPane tab={tab} visible active closing={false} onCloseAnswered={nothing} alone />
    </div>
  );
}
