// Structured log lines on stderr. Nothing is logged as a raw object: name the fields, so that no secret rides along.
import { type Logger, pino } from "pino";

export type Log = Logger;

/** Rotating is the service manager's work. */
export const createLog = (level: string): Log =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    pino.destination({ fd: 2, sync: true }),
  );

/**
 * An error as fields: message and code; the stack only for what was not expected. A failed query's parameters stay out of the log: they
 * are people's data and the hashes of their keys.
 */
export function errorFields(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: String(error) };
  if (error.name === "HubError") return { error: error.message };
  const message = withoutParameters(error.message);
  // V8's stack begins with the message, and frames follow.
  const { stack = "" } = error;
  const frames = stack.slice(stack.indexOf(error.message) + error.message.length);
  const cause = error.cause instanceof Error ? { cause: withoutParameters(error.cause.message) } : {};
  return { error: message, stack: `${error.name}: ${message}${frames}`, ...cause };
}

const withoutParameters = (message: string): string => message.split("\nparams: ", 1)[0] ?? "";
