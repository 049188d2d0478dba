// How far a rolling run may go now. Pure: it looks at counts, and is asked again whenever one of its executions ends, and every second.
import type { Amount, Rolling } from "./input.ts";

export type Progress = {
  total: number;
  /** Not let go yet. */
  held: number;
  /** Let go and not ended. */
  active: number;
  /** Ended, and of these the failed. */
  ended: number;
  errors: number;
  /** Let go within the last minute. */
  releasedInMinute: number;
  canaryPassed: boolean;
  toleratedErrors: number;
};

/** `halt`: too many failures. `pause`: the canaries are through and somebody must look. */
export type Step = { kind: "release"; count: number } | { kind: "halt" } | { kind: "pause" };

export const amountOf = ({ kind, value }: Amount, total: number): number =>
  kind === "count" ? value : Math.ceil((total * value) / 100);

export function nextStep(rolling: Rolling, progress: Progress): Step {
  const { total, held, active, ended } = progress;
  if (tooManyErrors(rolling, progress)) return { kind: "halt" };
  if (held === 0) return { kind: "release", count: 0 };
  const released = total - held;
  const canaries = rolling.canary === undefined ? 0 : Math.min(amountOf(rolling.canary, total), total);
  let room = held;
  if (released < canaries) room = canaries - released;
  else if (canaries > 0 && ended < canaries) room = 0;
  else if (canaries > 0 && rolling.pauseAfterCanary && !progress.canaryPassed) return { kind: "pause" };
  else if (rolling.batch !== undefined) {
    const batch = amountOf(rolling.batch, total);
    const inBatch = (released - canaries) % batch;
    room = inBatch > 0 ? batch - inBatch : active > 0 ? 0 : batch;
  }
  if (rolling.window !== undefined) room = Math.min(room, amountOf(rolling.window, total) - active);
  if (rolling.perMinute !== undefined) room = Math.min(room, rolling.perMinute - progress.releasedInMinute);
  return { kind: "release", count: Math.max(0, Math.min(room, held)) };
}

function tooManyErrors({ maxErrors, minExecuted }: Rolling, { ended, errors, toleratedErrors }: Progress): boolean {
  if (maxErrors === undefined || ended < minExecuted) return false;
  const counted = errors - toleratedErrors;
  return counted > 0 && (maxErrors.kind === "count" ? counted > maxErrors.value : counted * 100 > maxErrors.value * ended);
}
