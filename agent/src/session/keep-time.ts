// How long a session lives without a link: counted from its loss, forgotten when it is back.
export class KeepTime {
  readonly #keepMs: number;
  readonly #onOver: () => void;
  #timer: NodeJS.Timeout | null = null;
  #over = false;

  constructor(keepMs: number, onOver: () => void) {
    this.#keepMs = keepMs;
    this.#onOver = onOver;
  }

  /** It was this that ended the session. */
  get over(): boolean {
    return this.#over;
  }

  /** The link is gone. Repeated: the first loss counts. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#over = true;
      this.#onOver();
    }, this.#keepMs);
  }

  /** The link is back, or the session has ended. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
