// What an answer means. By its status, and for robots that say 200 to everything by the code inside.
import { characters, clean, cutTo } from "../message.ts";
import type { Answer, Verdict } from "./channel.ts";

/** Of an answer, for the log of deliveries; it may come from anybody. */
const textMax = 300;
export const answerText = (text: string): string => cutTo(clean(text), textMax, characters);

/** Longer than this nobody may make us wait: a receiver that says a year is wrong. */
const waitMaxMs = 86_400_000;

export const failed = (text: string, { retry = false, waitMs = null as number | null, gone = false } = {}): Verdict => ({
  sent: false,
  text: answerText(text),
  retry,
  waitMs: waitMs === null ? null : Math.min(Math.max(waitMs, 0), waitMaxMs),
  gone,
});

/** Null for a status that says yes. */
export function judgeStatus({ status, retryAfter, body }: Answer, now: Date): Verdict | null {
  if (status >= 200 && status < 300) return null;
  const text = `HTTP ${status} ${body}`;
  if (status === 410) return failed(text, { gone: true });
  if (status >= 300 && status < 400) return failed(`HTTP ${status}: redirects are not followed`);
  const retry = status === 408 || status === 425 || status === 429 || status >= 500;
  return failed(text, { retry, waitMs: retry ? waitOf(retryAfter, now) : null });
}

/** RFC 9110 §10.2.3: seconds or a date. */
function waitOf(retryAfter: string | null, now: Date): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : at - now.getTime();
}

/**
 * For robots whose answer is `{ errcode | code, errmsg | msg }` under status 200.
 * @param later codes after which it may be tried again, and how long it takes at least.
 */
export function judgeCode(
  answer: Answer,
  now: Date,
  { code: codeName, text: textName }: { code: string; text: string },
  later: Readonly<Record<number, number>>,
): Verdict {
  const byStatus = judgeStatus(answer, now);
  if (byStatus !== null) return byStatus;
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body);
  } catch {
    parsed = null;
  }
  const fields = new Map(typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : []);
  const code = fields.get(codeName);
  if (typeof code !== "number") return failed(`The answer is not the robot's: ${answer.body}`);
  const text = `${codeName} ${code} ${String(fields.get(textName) ?? "")}`;
  if (code === 0) return { sent: true, text: answerText(text) };
  const waitMs = later[code];
  return failed(text, { retry: waitMs !== undefined, waitMs: waitMs ?? null });
}
