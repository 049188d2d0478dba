// A chart over time, drawn by uPlot, which is fetched when the first chart appears.
"use client";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import { useLocale } from "./use-locale.ts";

export interface Series {
  label: string;
  /** A CSS custom property of the look, such as "--sp-green". */
  colour: string;
  values: readonly number[];
}

interface TimeChartProps {
  label: string;
  at: readonly string[];
  series: readonly Series[];
  height: number;
  bars?: boolean;
  /** The time shown, in milliseconds since 1970; else from the first point to the last. */
  shown?: readonly [number, number];
  /** Called with the span a person drags over, in milliseconds since 1970. */
  onSelect?: (fromMs: number, toMs: number) => void;
}

const day = 86_400;

/** Hours within two days, dates beyond. */
function tickText(atSeconds: number, spanSeconds: number, locale: string): string {
  const format: Intl.DateTimeFormatOptions =
    spanSeconds <= 2 * day ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { month: "short", day: "numeric" };
  return new Date(atSeconds * 1000).toLocaleString(locale, format);
}

const css = (property: string) => getComputedStyle(document.documentElement).getPropertyValue(property).trim();

export function TimeChart({ label, at, series, height, bars = false, shown, onSelect }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const { locale } = useLocale();
  const [fromMs, toMs] = shown ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page when its scheme changes
  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    let chart: uPlot | undefined;
    let gone = false;
    const resize = new ResizeObserver(() => chart?.setSize({ width: host.clientWidth, height }));
    void import("./uplot.ts").then(({ UPlot }) => {
      if (gone) return;
      const seconds = at.map((moment) => Date.parse(moment) / 1000);
      const first = fromMs === undefined ? (seconds[0] ?? 0) : fromMs / 1000;
      const last = toMs === undefined ? (seconds.at(-1) ?? 0) : toMs / 1000;
      const span = last - first;
      const axis: uPlot.Axis = {
        stroke: css("--sp-muted"),
        grid: { stroke: css("--sp-border"), width: 1 },
        gap: 4,
        ticks: { show: false },
        font: "12px IBM Plex Sans",
      };
      chart = new UPlot(
        {
          width: host.clientWidth,
          height,
          legend: { show: false },
          cursor: { y: false, drag: { x: onSelect !== undefined, y: false, setScale: false } },
          padding: [8, 8, 0, 0],
          axes: [
            {
              ...axis,
              grid: { show: false },
              size: 24,
              space: 72,
              values: (_chart, seconds) => seconds.map((at) => tickText(at, span, locale)),
            },
            { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000] },
          ],
          scales: {
            x: { range: () => [first, last] },
            y: { range: (_chart, _least, most) => [0, Math.max(1, most * 1.1)] },
          },
          series: [
            {},
            ...series.map(({ label: name, colour }): uPlot.Series => {
              const paths = bars ? UPlot.paths.bars?.({ size: [0.8, 24] }) : undefined;
              const shape = { width: bars ? 0 : 1.5, ...(paths === undefined ? {} : { paths }) };
              return {
                label: name,
                stroke: css(colour),
                fill: `${css(colour)}${bars ? "cc" : "22"}`,
                points: { show: false },
                ...shape,
              };
            }),
          ],
          hooks: {
            setSelect: [
              ({ select, posToVal }) => {
                if (select.width > 4)
                  onSelect?.(posToVal(select.left, "x") * 1000, posToVal(select.left + select.width, "x") * 1000);
              },
            ],
          },
        },
        [seconds, ...series.map(({ values }) => [...values])],
        host,
      );
      resize.observe(host);
    });
    return () => {
      gone = true;
      resize.disconnect();
      chart?.destroy();
    };
  }, [at, series, height, bars, scheme, locale, fromMs, toMs]);
  return <div ref={box} role="img" aria-label={label} style={{ height, width: "100%", overflow: "hidden" }} />;
}
