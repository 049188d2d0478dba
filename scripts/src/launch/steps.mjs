// Progress for people: one line a step with its time. On a terminal the running step is redrawn; elsewhere lines are only added.

const redrawMs = 500;

/** @typedef {{ start(id: string, title: string, slow?: boolean): void, done(id: string, ms?: number): void, abandon(): void }} Steps */

/** @param {{ write(text: string): unknown, isTTY?: boolean }} out @param {() => number} now ms, monotonic @returns {Steps} */
export function createSteps(out, now = () => performance.now()) {
  const live = out.isTTY === true;
  /** @type {Map<string, { title: string, from: number }>} */
  const running = new Map();
  /** @type {NodeJS.Timeout | null} */
  let timer = null;

  const clearLine = () => live && out.write("\r\x1b[K");
  const draw = () => {
    const last = [...running.values()].at(-1);
    if (!live || last === undefined) return;
    const ms = now() - last.from;
    out.write(`\r\x1b[K\x1b[2m… ${last.title}${ms < 1_000 ? "" : `  ${inWords(ms)}`}\x1b[0m`);
  };
  const rest = () => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };

  return {
    start(id, title, slow = false) {
      running.set(id, { title, from: now() });
      if (!live && slow) out.write(`… ${title}\n`);
      draw();
      if (live) timer ??= setInterval(draw, redrawMs).unref();
    },
    done(id, ms) {
      const step = running.get(id);
      if (step === undefined) return;
      running.delete(id);
      clearLine();
      const time = inWords(ms ?? now() - step.from);
      out.write(live ? `\x1b[32m✓\x1b[0m ${step.title}  \x1b[2m${time}\x1b[0m\n` : `✓ ${step.title}  ${time}\n`);
      draw();
      if (running.size === 0) rest();
    },
    abandon() {
      clearLine();
      running.clear();
      rest();
    },
  };
}

/** @param {number} ms */
export const inWords = (ms) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
