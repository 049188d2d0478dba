// Numbers as people read them: bytes, durations, counts, moments, in the reader's language.
import type { TFunction } from "i18next";

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatBytes(bytes: number, locale: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${units[unit]}`;
}

export function formatCount(count: number, locale: string): string {
  return count.toLocaleString(locale);
}

/** Two units at most: "840 ms", "3.2 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(ms: number, t: TFunction): string {
  if (ms < 1000) return t("duration.ms", { n: Math.max(0, Math.round(ms)) });
  const seconds = ms / 1000;
  if (seconds < 10) return t("duration.s", { n: (Math.floor(seconds * 10) / 10).toString() });
  if (seconds < 60) return t("duration.s", { n: Math.floor(seconds) });
  const minutes = Math.floor(seconds / 60);
  const [hours, days] = [Math.floor(minutes / 60), Math.floor(minutes / 1_440)];
  // A unit of which there is nothing is left out.
  if (minutes < 60) {
    const rest = Math.floor(seconds % 60);
    return rest === 0 ? t("duration.m", { n: minutes }) : t("duration.ms2", { m: minutes, s: rest });
  }
  if (hours < 24) return minutes % 60 === 0 ? t("duration.h", { n: hours }) : t("duration.hm", { h: hours, m: minutes % 60 });
  return hours % 24 === 0 ? t("duration.d", { n: days }) : t("duration.dh", { d: days, h: hours % 24 });
}

/** Microseconds of a round trip: "820 µs", "12.4 ms", "140 ms". */
export function formatRoundTrip(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  const ms = us / 1000;
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** A clock for a recording: "0:07", "12:30", "1:02:03". */
export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const pad = (n: number) => n.toString().padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "3 minutes ago", "in 2 days"; null within half a minute, for which each language has its own word. */
export function formatRelative(atMs: number, nowMs: number, locale: string): string | null {
  const seconds = (atMs - nowMs) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 30 ? null : format.format(Math.trunc(seconds), "second");
}

export function formatMoment(at: string | number, locale: string): string {
  return new Date(at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" });
}

/** For what is near: the day and the minute, with the zone. */
export function formatEnd(at: string, locale: string): string {
  const parts = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(locale, parts).format(new Date(at));
}

export function timeZoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
