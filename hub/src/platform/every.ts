// Periodic work: never twice at once, never throwing, ended in order.
import { errorFields, type Log } from "./log.ts";

export function every(intervalMs: number, work: () => Promise<void>, log: Log): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = work()
      .catch((error: unknown) => log.error(errorFields(error), "periodic work failed"))
      .finally(() => {
        busy = false;
      });
  }, intervalMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
