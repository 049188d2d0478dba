// The dock's body: tabs of open terminals, below them the one or two that are shown.
"use client";
import { ActionIcon, Button, Chip, Tooltip } from "@mantine/core";
import {
  IconArrowsDiagonal,
  IconArrowsDiagonalMinimize2,
  IconBroadcast,
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
import { displayText } from "../ui/display-text.ts";
import classes from "./dock.module.css";
import { type DockTab, dock, dockHeightLeastPx } from "./dock-store.ts";
import { DockTabs } from "./dock-tabs.tsx";
import { focusTerminal } from "./live-terminals.ts";
import { TerminalPane } from "./terminal-pane.tsx";

/** Arrow keys on the handle move it by one text line or so. */
const keyStepPx = 24;

export function DockPanel() {
  const { t } = useTranslation();
  const { tabs, active, beside, view, heightPx, together } = useStore(dock.state);
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
            label={t("terminal.together")}
            icon={<IconBroadcast size={16} />}
            pressed={together.length > 0}
            onClick={() => {
              dock.toggleTogether();
              focusTerminal(active);
            }}
          />
        )}
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
      {open && together.length > 0 && <TogetherStrip tabs={tabs} together={together} active={active} />}
      <div className={classes.panes} hidden={!open} data-together={together.includes(active ?? "") || undefined}>
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

interface TogetherStripProps {
  tabs: readonly DockTab[];
  together: readonly string[];
  active: string | null;
}

/** Says where typing goes, as long as it goes to more than one: nobody types into ten hosts without knowing. */
function TogetherStrip({ tabs, together, active }: TogetherStripProps) {
  const { t } = useTranslation();
  const alone = active !== null && !together.includes(active);
  return (
    <div className={classes.together} role="status">
      <IconBroadcast size={16} aria-hidden />
      <span>{alone ? t("terminal.togetherNotHere") : t("terminal.togetherText", { count: together.length })}</span>
      {tabs.map(({ key, name }) => (
        <Chip
          key={key}
          size="xs"
          color="orange"
          checked={together.includes(key)}
          onChange={() => {
            dock.toggleOneTogether(key);
            focusTerminal(active);
          }}
        >
          {displayText(name, 40)}
        </Chip>
      ))}
      <div className={classes.space} />
      <Button size="compact-xs" variant="white" color="orange" onClick={() => dock.toggleTogether()}>
        {t("terminal.togetherStop")}
      </Button>
    </div>
  );
}

interface BarButtonProps {
  label: string;
  icon: React.ReactNode;
  pressed?: boolean;
  onClick: () => void;
}

function BarButton({ label, icon, pressed, onClick }: BarButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={pressed === true ? "filled" : "subtle"}
        color={pressed === true ? "orange" : "gray"}
        aria-label={label}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        onClick={onClick}
      >
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
