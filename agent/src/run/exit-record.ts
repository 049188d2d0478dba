// How an execution ended, as exit.json. Written once, by the runner or by the agent that found the runner gone; read until the hub has it.
import { parseObject } from "../state/identity.ts";

export const exitEnds = [
  "exited",
  "timeout",
  "stopped",
  "spawn-failed",
  "refused",
  "agent-restarted",
  "unknown",
  "unreachable",
  "not-placed",
  "lost",
] as const;
export type ExitEnd = (typeof exitEnds)[number];

export type ExitRecord = {
  end: ExitEnd;
  /** Null when a signal ended it, or nothing ran. */
  exitCode: number | null;
  signal: string | null;
  /** This host's clock; 0 when nothing was started. */
  startedAtMs: number;
  endedAtMs: number;
  stdoutBytes: number;
  stderrBytes: number;
  /** Counted and not kept. */
  stdoutDropped: number;
  stderrDropped: number;
  message: string;
  /** Which of the reasons of an approval it was refused for. */
  refusal?: string;
};

/** An execution of which no output exists. */
export function endedWithoutOutput(end: ExitEnd, endedAtMs: number, message: string, refusal?: string): ExitRecord {
  const none = { exitCode: null, signal: null, stdoutBytes: 0, stderrBytes: 0, stdoutDropped: 0, stderrDropped: 0 };
  return { ...none, end, startedAtMs: 0, endedAtMs, message, ...(refusal === undefined ? {} : { refusal }) };
}

/** @throws when the text is no exit record: it is written by rename, so half of one never exists. */
export function parseExitRecord(text: string): ExitRecord {
  const record = parseObject(text);
  if (record === null) throw new Error("exit.json is not JSON");
  const number = (name: keyof ExitRecord): number => {
    const value: unknown = Reflect.get(record, name);
    if (typeof value !== "number") throw new Error(`exit.json has no ${name}`);
    return value;
  };
  const textOrNull = (name: keyof ExitRecord): string | null => {
    const value: unknown = Reflect.get(record, name);
    return typeof value === "string" ? value : null;
  };
  const end = exitEnds.find((known) => known === textOrNull("end"));
  if (end === undefined) throw new Error("exit.json has no end");
  const refusal = textOrNull("refusal");
  return {
    end,
    exitCode: Reflect.get(record, "exitCode") === null ? null : number("exitCode"),
    signal: textOrNull("signal"),
    startedAtMs: number("startedAtMs"),
    endedAtMs: number("endedAtMs"),
    stdoutBytes: number("stdoutBytes"),
    stderrBytes: number("stderrBytes"),
    stdoutDropped: number("stdoutDropped"),
    stderrDropped: number("stderrDropped"),
    message: textOrNull("message") ?? "",
    ...(refusal === null ? {} : { refusal }),
  };
}
