// How a run goes over its hosts while somebody writes it: every number as its text, so that "25 %" can be typed.
import type { Rolling, rolling } from "@sallyport/hub/automation/input";
import type { z } from "zod";

export interface RollingDraft {
  window: string;
  batch: string;
  canary: string;
  pauseAfterCanary: boolean;
  perMinute: string;
  perAgent: string;
  maxErrors: string;
  minExecuted: string;
}

export interface LimitsDraft {
  /** A user name on hosts without an agent; empty: hosts with an agent only. */
  account: string;
  timeoutSeconds: number;
  expirySeconds: number;
  rolling: RollingDraft;
}

const noRolling: RollingDraft = {
  window: "",
  batch: "",
  canary: "",
  pauseAfterCanary: false,
  perMinute: "",
  perAgent: "",
  maxErrors: "",
  minExecuted: "",
};

export const defaultLimits: LimitsDraft = { account: "", timeoutSeconds: 3_600, expirySeconds: 3_600, rolling: noRolling };

/** As the agent that runs there: needs no account, and reaches only hosts with one. */
const asAgent = "@agent";

interface Limits {
  account: string;
  timeoutSeconds: number;
  expirySeconds: number;
  rolling: Rolling | null;
}

export function limitsDraftOf({ account, timeoutSeconds, expirySeconds, rolling: given }: Limits): LimitsDraft {
  const amount = (value: { kind: "count" | "percent"; value: number } | undefined) =>
    value === undefined ? "" : value.kind === "percent" ? `${value.value}%` : String(value.value);
  const number = (value: number | undefined) => (value === undefined ? "" : String(value));
  return {
    account: account === asAgent ? "" : account,
    timeoutSeconds,
    expirySeconds,
    rolling:
      given === null
        ? noRolling
        : {
            window: amount(given.window),
            batch: amount(given.batch),
            canary: amount(given.canary),
            pauseAfterCanary: given.pauseAfterCanary,
            perMinute: number(given.perMinute),
            perAgent: number(given.perAgent),
            maxErrors: amount(given.maxErrors),
            minExecuted: given.minExecuted === 1 ? "" : number(given.minExecuted),
          },
  };
}

/** "10" is a count, "25%" a share; anything else stays NaN, which the hub's schema refuses at its field. */
function amountOf(text: string): { kind: "count" | "percent"; value: number } | undefined {
  if (text.trim() === "") return undefined;
  const [, digits, percent] = /^\s*(\d+)\s*([%％])?\s*$/.exec(text) ?? [];
  return { kind: percent === undefined ? "count" : "percent", value: digits === undefined ? Number.NaN : Number(digits) };
}

const numberOf = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text));

/** What is sent. Without any of the rolling limits a run goes everywhere at once. */
export function limitsOf({ account, timeoutSeconds, expirySeconds, rolling: draft }: LimitsDraft) {
  const wanted: z.input<typeof rolling> = {
    window: amountOf(draft.window),
    batch: amountOf(draft.batch),
    canary: amountOf(draft.canary),
    perMinute: numberOf(draft.perMinute),
    perAgent: numberOf(draft.perAgent),
    maxErrors: amountOf(draft.maxErrors),
  };
  const isRolling = Object.values(wanted).some((value) => value !== undefined);
  return {
    account: account.trim() || asAgent,
    timeoutSeconds,
    expirySeconds,
    rolling: isRolling
      ? {
          ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
          pauseAfterCanary: draft.pauseAfterCanary && wanted.canary !== undefined,
          ...(draft.minExecuted.trim() === "" ? {} : { minExecuted: Number(draft.minExecuted) }),
        }
      : null,
  };
}
