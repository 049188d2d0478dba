// Waits for something outside this process that has no way to tell us: asks again and again until a deadline.
import { setTimeout as wait } from "node:timers/promises";

/** @param what names the thing in the error. @param ask null or false means "not yet". */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | false> | T | null | false,
  { deadlineMs = 45_000, everyMs = 50 } = {},
): Promise<T> {
  for (const deadline = performance.now() + deadlineMs; ; ) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await wait(everyMs);
  }
}
