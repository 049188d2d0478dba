// The seek bar: how much was printed when (idle stays pale), and where we are.
"use client";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { formatClock } from "../ui/format.ts";
import classes from "./player.module.css";

interface TimelineProps {
  activity: readonly number[];
  durationMs: number;
  positionMs: number;
  onSeek: (toMs: number) => void;
}

export function Timeline({ activity, durationMs, positionMs, onSeek }: TimelineProps) {
  const { t } = useTranslation();
  const share = durationMs === 0 ? 0 : Math.min(1, positionMs / durationMs);
  return (
    <div className={classes.timeline}>
      <Heat activity={activity} />
      <div className={classes.played} style={{ width: `${share * 100}%` }} />
      <input
        type="range"
        className={classes.range}
        min={0}
        max={Math.max(1, durationMs)}
        step={100}
        value={Math.min(positionMs, durationMs)}
        aria-label={t("player.seek")}
        aria-valuetext={`${formatClock(positionMs)} / ${formatClock(durationMs)}`}
        onChange={(event) => onSeek(Number(event.currentTarget.value))}
      />
    </div>
  );
}

const Heat = memo(function Heat({ activity }: { activity: readonly number[] }) {
  const most = Math.max(1, ...activity);
  // Output spans five orders of magnitude; the logarithm lets a single command show beside a build's log.
  const heat = (bytes: number) => (bytes === 0 ? 0 : 0.2 + 0.8 * (Math.log1p(bytes) / Math.log1p(most)));
  return (
    <svg
      className={classes.heat}
      viewBox={`0 0 ${Math.max(1, activity.length)} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {activity.map((bytes, index) => {
        const height = heat(bytes) * 10;
        // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is its position
        return <rect key={index} x={index} y={10 - height} width={1.02} height={height} />;
      })}
    </svg>
  );
});
