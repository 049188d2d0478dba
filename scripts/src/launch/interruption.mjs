// Ctrl-C and its kin: the first asks for an orderly end, the second for an immediate one.

/** @returns {{ asked: AbortSignal, insisted: AbortSignal, forget(): void }} */
export function listenForInterruption() {
  const asked = new AbortController();
  const insisted = new AbortController();
  const interrupt = () => (asked.signal.aborted ? insisted : asked).abort();
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, interrupt);
  return {
    asked: asked.signal,
    insisted: insisted.signal,
    forget: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
export const aborted = (signal) =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
