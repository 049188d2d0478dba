// Waiting for what other processes do: asks again until it holds or the deadline has passed, then fails with what it saw last.

const stepMs = 25;

export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  { withinMs = 30_000, what = "this" }: { withinMs?: number; what?: string } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > deadline)
      throw new Error(`waited ${withinMs} ms for ${what}; last saw ${JSON.stringify(value)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}

/** Runs ahead of the machine's clock by as much as a test says. */
export class TestClock {
  #aheadMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}
