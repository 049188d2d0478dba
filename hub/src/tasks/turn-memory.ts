// What tasks that are due together ask alike: who their owner is, what their script is, what they may run on. Asked once a turn, which takes a second at most;
// whoever may no longer then is found out when the executions are offered, where each is asked again.
/** Letters of a question that is remembered: a list of thousands of assets is nobody else's too. */
const keyMax = 10_000;

export class TurnMemory {
  readonly #known = new Map<string, unknown>();

  /** A failure is not remembered. @param key what the answer depends on, all of it. */
  async once<T>(key: readonly unknown[], ask: () => Promise<T>): Promise<T> {
    const name = JSON.stringify(key);
    const known = this.#known.get(name);
    if (known !== undefined) return known as T; // the key's first word says which question it was
    const answer = await ask();
    if (name.length <= keyMax) this.#known.set(name, answer);
    return answer;
  }
}
