// The row of terminal tabs.
"use client";
import { CloseButton } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";
import classes from "./dock.module.css";
import type { DockTab } from "./dock-store.ts";

interface DockTabsProps {
  tabs: readonly DockTab[];
  active: string | null;
  onShow: (key: string) => void;
  onClose: (key: string) => void;
}

export function DockTabs({ tabs, active, onShow, onClose }: DockTabsProps) {
  const { t } = useTranslation();
  return (
    <nav className={classes.tabs} aria-label={t("terminal.tabs")}>
      {tabs.map((tab) => (
        <div key={tab.key} className={classes.tab} data-active={tab.key === active || undefined}>
          <button
            type="button"
            className={classes.tabName}
            aria-pressed={tab.key === active}
            onClick={() => onShow(tab.key)}
            onAuxClick={(event) => event.button === 1 && onClose(tab.key)}
          >
            <IconTerminal2 size={15} aria-hidden />
            <span className="truncate">{displayText(tab.name, 60)}</span>
          </button>
          <CloseButton
            size="xs"
            aria-label={t("terminal.closeTab", { name: displayText(tab.name, 60) })}
            onClick={() => onClose(tab.key)}
          />
        </div>
      ))}
    </nav>
  );
}
