// The player: the screen, and below it the timeline with its activity and the controls.
"use client";
import { ActionIcon, Menu, Switch, Tooltip } from "@mantine/core";
import { useFullscreenElement } from "@mantine/hooks";
import { IconMaximize, IconMinimize, IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { useStore } from "../state/store.ts";
import { formatClock } from "../ui/format.ts";
import classes from "./player.module.css";
import { Player, speeds } from "./player.ts";
import { Timeline } from "./timeline.tsx";

const arrowMs = 5_000;

export function PlayerView({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const screen = useRef<HTMLDivElement>(null);
  const { ref: box, toggle: toggleFullScreen, fullscreen } = useFullscreenElement<HTMLDivElement>();
  const [player, setPlayer] = useState<Player | null>(null);

  useEffect(() => {
    const host = screen.current;
    if (host === null) return;
    const made = new Player(sessionId);
    setPlayer(made);
    void made.open(host);
    return () => made.dispose();
  }, [sessionId]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (player === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const { positionMs } = player.state.get();
    const actions: Record<string, () => void> = {
      " ": () => player.toggle(),
      ArrowLeft: () => player.seekTo(positionMs - arrowMs),
      ArrowRight: () => player.seekTo(positionMs + arrowMs),
      "<": () => player.stepSpeed(-1),
      ">": () => player.stepSpeed(1),
      f: () => void toggleFullScreen(),
    };
    const action = actions[event.key];
    // A button with the focus takes the space bar for itself.
    if (action === undefined || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      ref={box}
      className={classes.player}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the player's keys work wherever inside it the focus is
      tabIndex={0}
      role="application"
      aria-label={t("player.screen")}
      title={t("player.keys")}
      onKeyDown={onKeyDown}
    >
      <div ref={screen} className={classes.screen} inert />
      {player !== null && <Controls player={player} fullScreen={fullscreen} onFullScreen={() => void toggleFullScreen()} />}
    </div>
  );
}

function Controls({ player, fullScreen, onFullScreen }: { player: Player; fullScreen: boolean; onFullScreen: () => void }) {
  const { t } = useTranslation();
  const { index, positionMs, playing, speed, skipIdle, failed, loading } = useStore(player.state);
  const durationMs = index?.durationMs ?? 0;
  const atLiveEnd = index?.live === true && positionMs >= durationMs - 2_000;
  return (
    <div className={classes.controls}>
      {failed !== null && (
        <p className={classes.failed} role="alert">
          {t("player.failed")} {sentenceOf(failed)}
        </p>
      )}
      <Timeline
        activity={index?.activity ?? []}
        durationMs={durationMs}
        positionMs={positionMs}
        onSeek={(toMs) => player.seekTo(toMs)}
      />
      <div className={classes.row}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          onClick={() => player.toggle()}
          aria-label={playing ? t("player.pause") : t("player.play")}
        >
          {playing ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
        </ActionIcon>
        <span className={classes.clock} aria-busy={loading}>
          {formatClock(positionMs)} / {formatClock(durationMs)}
        </span>
        {index?.live === true && (
          <button
            type="button"
            className={classes.live}
            data-on={atLiveEnd || undefined}
            onClick={() => player.seekTo(durationMs)}
          >
            ● {atLiveEnd ? t("player.live") : t("player.goLive")}
          </button>
        )}
        <div className={classes.space} />
        <Switch
          size="xs"
          label={t("player.skipIdle")}
          checked={skipIdle}
          onChange={(event) => player.setSkipIdle(event.currentTarget.checked)}
        />
        <Menu position="top-end" withinPortal={false}>
          <Menu.Target>
            <button type="button" className={classes.speed} aria-label={`${t("player.speed")}: ${speed}×`}>
              {speed}×
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {speeds.map((choice) => (
              <Menu.Item key={choice} fw={choice === speed ? 600 : 400} onClick={() => player.setSpeed(choice)}>
                {choice}×
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Tooltip label={fullScreen ? t("player.exitFullScreen") : t("player.fullScreen")} withinPortal={false}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={onFullScreen}
            aria-label={fullScreen ? t("player.exitFullScreen") : t("player.fullScreen")}
          >
            {fullScreen ? <IconMinimize size={18} /> : <IconMaximize size={18} />}
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}
