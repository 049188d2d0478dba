// The dock's body: tabs of open terminals, below them the one or two that are shown.
"use client";
import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconArrowsDiagonal,
  IconArrowsDiagonalMinimize2,
  IconChevronDown,
  IconChevronUp,
  IconColumns2,
  IconPlus,
  IconSquare,
} from "@tabler/icons-react";
import { type PointerEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { paletteOpen } from "../frame/palette-store.ts";
import { useStore } from "../state/store.ts";
import classes from "./dock.module.css";
import { dock, dockHeightLeastPx } from "./dock-store.ts";
import { DockTabs } from "./dock-tabs.tsx";
import { focusTerminal } from "./live-terminals.ts";
import { TerminalPane } from "./terminal-pane.tsx";

/** Arrow keys on the handle move it by one text line or so. */
const keyStepPx = 24;

export function DockPanel() {
  const { t } = useTranslation();
  const { tabs, active, beside, view, heightPx } = useStore(dock.state);
  const [closing, setClosing] = useState<string | null>(null);
  const open = view !== "tabs";
  return (
    <section
      className={classes.dock}
      data-view={view}
      style={view === "docked" ? { height: heightPx } : undefined}
      aria-label={t("terminal.dock")}
    >
      {view === "docked" && <ResizeHandle heightPx={heightPx} />}
      <div className={classes.bar}>
        <DockTabs tabs={tabs} active={open ? active : null} onShow={dock.show.bind(dock)} onClose={setClosing} />
        <BarButton label={t("terminal.newTerminal")} icon={<IconPlus size={16} />} onClick={() => paletteOpen.set(true)} />
        <div className={classes.space} />
        {open && tabs.length > 1 && (
          <BarButton
            label={beside === null ? t("terminal.split") : t("terminal.unsplit")}
            icon={beside === null ? <IconColumns2 size={16} /> : <IconSquare size={16} />}
            onClick={() => {
              dock.toggleBeside();
              focusTerminal(active);
            }}
          />
        )}
        {open && (
          <BarButton
            label={view === "full" ? t("terminal.restore") : t("terminal.expand")}
            icon={view === "full" ? <IconArrowsDiagonalMinimize2 size={16} /> : <IconArrowsDiagonal size={16} />}
            onClick={() => {
              dock.setView(view === "full" ? "docked" : "full");
              focusTerminal(active);
            }}
          />
        )}
        <BarButton
          label={open ? t("terminal.minimise") : t("terminal.show")}
          icon={open ? <IconChevronDown size={16} /> : <IconChevronUp size={16} />}
          onClick={() => dock.toggle()}
        />
      </div>
      <div className={classes.panes} hidden={!open}>
        {tabs.map((tab) => (
          <TerminalPane
            key={tab.key}
            tab={tab}
            visible={open && (tab.key === active || tab.key === beside)}
            active={open && tab.key === active}
            closing={closing === tab.key}
            onCloseAnswered={() => setClosing(null)}
          />
        ))}
      </div>
    </section>
  );
}

function BarButton({ label, icon, onClick }: { label: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

function ResizeHandle({ heightPx }: { heightPx: number }) {
  const { t } = useTranslation();
  const most = () => innerHeight - 120;
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) dock.setHeight(Math.min(most(), innerHeight - event.clientY));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is a widget; <hr> cannot take keys
    <div
      className={classes.handle}
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={t("terminal.resizeDock")}
      aria-valuenow={heightPx}
      aria-valuemin={dockHeightLeastPx}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        if (event.key === "ArrowUp") dock.setHeight(Math.min(most(), heightPx + keyStepPx));
        if (event.key === "ArrowDown") dock.setHeight(heightPx - keyStepPx);
      }}
    />
  );
}
