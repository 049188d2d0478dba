// Structured log lines on stderr. Nothing is logged as a raw object: name the fields, so that no secret rides along.
import { type Logger, pino } from "pino";

export type Log = Logger;

/** Rotating is the service manager's work. */
export const createLog = (level: string): Log =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    pino.destination({ fd: 2, sync: true }),
  );

/** An error as fields: message and code; the stack only for what was not expected. */
export function errorFields(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: String(error) };
  return error.name === "HubError" ? { error: error.message } : { error: error.message, stack: error.stack ?? "" };
}
