// Which orders were already taken, for ever. Orders may arrive out of order (an offer waits while a shell opens), so a
// window of single numbers stands above a floor; at or below the floor everything counts as taken.
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";

/** An order lives a minute; no hub has a thousand waiting for one agent within one. */
const windowSize = 1_024;

export class SeenSequences {
  #floor = 0;
  #seen = new Set<number>();
  readonly #file: string;

  /** @throws when the file is there but damaged: guessing a floor would let orders be replayed. */
  constructor(file: string) {
    this.#file = file;
    const text = readIfThere(file);
    if (text === null) return;
    const parsed = parseObject(text.toString());
    const floor: unknown = parsed === null ? null : Reflect.get(parsed, "floor");
    const seen: unknown = parsed === null ? null : Reflect.get(parsed, "seen");
    if (typeof floor !== "number" || !Array.isArray(seen))
      throw new Error(`${file} is damaged: refusing to start, since old orders could be replayed. Enrol this host again.`);
    this.#floor = floor;
    for (const sequence of seen) if (typeof sequence === "number") this.#seen.add(sequence);
  }

  has(sequence: number): boolean {
    return sequence <= this.#floor || this.#seen.has(sequence);
  }

  /** On disk before it returns: whoever acts on the order does so after this. */
  add(sequence: number): void {
    this.#seen.add(sequence);
    if (this.#seen.size > windowSize) {
      const lowest = Math.min(...this.#seen);
      this.#seen.delete(lowest);
      this.#floor = Math.max(this.#floor, lowest);
    }
    writeDurably(this.#file, JSON.stringify({ floor: this.#floor, seen: [...this.#seen] }));
  }
}
