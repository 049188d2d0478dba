// The thin line above a terminal: asset, account, recording dot, who watches, and the tools.
"use client";
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconEye, IconSearch, IconWindowMaximize } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { type DockTab, dock } from "./dock-store.ts";
import type { LinkState } from "./link-state.ts";
import type { LiveTerminal } from "./live-terminal.ts";
import classes from "./terminal-pane.module.css";
import { TerminalSettingsMenu } from "./terminal-settings-menu.tsx";

interface TerminalHeaderProps {
  tab: DockTab;
  link: LinkState;
  title: string;
  terminal: LiveTerminal;
  alone: boolean;
  narrow: boolean;
}

export function TerminalHeader({ tab, link, title, terminal, alone, narrow }: TerminalHeaderProps) {
  const { t } = useTranslation();
  const popOut = () => {
    if (link.sessionId === null) return;
    const opened = window.open(`/terminal?id=${link.sessionId}`, "_blank", "popup,width=960,height=640");
    if (opened === null) showToast("failed", t("terminal.popup"));
    else dock.remove(tab.key);
  };
  return (
    <div className={classes.header}>
      <span className={`${classes.name} truncate`}>{displayText(link.assetName ?? tab.name, 60)}</span>
      {link.account !== null && <span className={classes.fact}>{displayText(link.account, 40)}</span>}
      {link.phase === "live" && (
        <Tooltip label={t("terminal.recordingHint")}>
          <span className={classes.fact}>
            <span className={classes.recording} aria-hidden />
            {!narrow && t("terminal.recording")}
          </span>
        </Tooltip>
      )}
      {link.viewers > 1 && (
        <span className={classes.fact}>
          <IconEye size={14} aria-hidden />
          {t("terminal.watching", { count: link.viewers })}
        </span>
      )}
      {!link.owner && <span className={classes.fact}>{t("terminal.readOnly")}</span>}
      {!narrow && title !== "" && <span className="truncate">{title}</span>}
      <div className={classes.push}>
        <Tool
          label={`${t("terminal.find")} (Ctrl+Shift+F)`}
          icon={<IconSearch size={15} />}
          onClick={() => terminal.setFind(true)}
        />
        <TerminalSettingsMenu />
        {!alone && link.sessionId !== null && link.phase !== "ended" && (
          <Tool label={t("terminal.popOut")} icon={<IconWindowMaximize size={15} />} onClick={popOut} />
        )}
      </div>
    </div>
  );
}

function Tool({ label, icon, onClick }: { label: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
