// How long something has been going on: counts while it lasts, stands still afterwards.
"use client";
import { useLocale } from "./use-locale.ts";
import { useNow } from "./use-now.ts";

export function RunningTime({ since, until }: { since: string; until: string | null }) {
  return until === null ? <Counting since={since} /> : <Span ms={Date.parse(until) - Date.parse(since)} />;
}

function Counting({ since }: { since: string }) {
  return <Span ms={useNow(1000) - Date.parse(since)} />;
}

function Span({ ms }: { ms: number }) {
  const { duration } = useLocale();
  return <span className="tabular">{duration(Math.max(0, ms))}</span>;
}
