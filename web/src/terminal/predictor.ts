// Predictive echo, after mosh: what was typed is drawn before its echo can have come back, and taken away as soon as the real bytes say
// otherwise. Pure: knows keys, offsets and a view of the real screen; draws nothing, sends nothing, and nothing of it is ever recorded.
//
// Each predicted key says where the cursor will be after it and what one cell will show. What really arrives either matches a prefix of
// the pending keys (they are confirmed and forgotten), is no change (they wait), or is something else (all are dropped).
//
//              a key whose effect is unknown, a contradiction, a pause, another screen
//   shown ─────────────────────────────────────────────────────────────────────────► tentative
//     ▲                                                                                 │
//     └───────────── the echo of a tentative key came as predicted ◄────────────────────┘
//
// Tentative keys are followed but never shown. A password prompt follows Enter, so it is tentative, and since nothing echoes there,
// nothing of it is ever shown.

/** The real screen, as far as it has been drawn. Rows are absolute lines of the buffer. */
export interface ScreenView {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly alternate: boolean;
  /** One character; a space where nothing is. */
  cell(column: number, row: number): string;
}

export interface Shown {
  column: number;
  row: number;
  text: string;
}

export interface Picture {
  cells: Shown[];
  cursor: { column: number; row: number } | null;
}

interface Prediction {
  /** What this key does to one cell; null when it only moves the cursor. */
  cell: Shown | null;
  column: number;
  row: number;
  /** Of the input, after this key. */
  inputEnd: number;
  atMs: number;
}

/** Below this an echo is quicker than the eye; the lower bound keeps a wavering line from flickering. */
export const predictAboveMs = 40;
const predictUntilBelowMs = 30;
/** After the agent says that the key was taken, its echo is on the way with the next frame. */
const echoGraceMs = 150;
/** Never acknowledged at all: the link is in trouble, and guesses older than this only mislead. */
const pendingMsMax = 3_000;
/** After a pause another program may be listening, one that asks for a password without a word. */
const confidenceMs = 3_000;
/** Keys ahead of the echo; more means a paste or a link that is gone. */
const pendingMax = 200;

const nothing: Picture = { cells: [], cursor: null };

export class Predictor {
  #pending: Prediction[] = [];
  #base: { column: number; row: number } = { column: 0, row: 0 };
  #confirmedAtMs: number | null = null;
  /** Keys typed while it is not known where they will land. */
  #waiting: { key: string; inputEnd: number; atMs: number }[] = [];
  /** Input up to here has effects that we do not know; nothing is predicted before it has been taken. */
  #unknownUntil = 0;
  #takenUntil = 0;
  #takenAtMs = 0;
  #alternate = false;
  #slow = false;
  #echo = true;
  #seen: { column: number; row: number } | null = null;

  /** The measured way to the shell and back. */
  roundTrip(ms: number | null): void {
    if (ms === null) return;
    this.#slow = ms > predictAboveMs || (this.#slow && ms >= predictUntilBelowMs);
    if (!this.#slow) this.#doubt();
  }

  /** The line is slow enough that letters are drawn before their echo. */
  get atWork(): boolean {
    return this.#slow;
  }

  /** What the terminal itself says about echo, where it is known; off while it asks for a secret. */
  echo(on: boolean): void {
    this.#echo = on;
    if (!on) this.#doubt();
  }

  /** A key goes out; `inputEnd` is the input's offset after it. */
  typed(key: string, inputEnd: number, view: ScreenView, nowMs: number): void {
    if (!this.#slow || !this.#echo) {
      this.#unknown(inputEnd);
      return;
    }
    if (this.#confirmedAtMs !== null && this.#pending.length === 0 && nowMs - this.#confirmedAtMs > confidenceMs) this.#doubt();
    this.#noticeScreen(view);
    if (this.#pending.length + this.#waiting.length >= pendingMax) this.#unknown(inputEnd);
    else if (this.#takenUntil < this.#unknownUntil || this.#waiting.length > 0)
      this.#waiting.push({ key, inputEnd, atMs: nowMs });
    else this.#predict(key, inputEnd, view, nowMs);
  }

  /** The shell's side has taken input up to here. */
  taken(inputEnd: number, nowMs: number): void {
    if (inputEnd <= this.#takenUntil) return;
    this.#takenUntil = inputEnd;
    this.#takenAtMs = nowMs;
  }

  /** Real output has been drawn. */
  drawn(view: ScreenView, nowMs: number): void {
    this.#noticeScreen(view);
    const before = this.#seen;
    this.#seen = { column: view.column, row: view.row };
    if (this.#waiting.length > 0 && this.#takenUntil >= this.#unknownUntil) {
      this.#place(view);
      return;
    }
    if (this.#pending.length === 0) {
      // It moved without our doing: somebody else has the terminal.
      if (before !== null && (before.column !== view.column || before.row !== view.row)) this.#doubt();
      return;
    }
    const matched = this.#matching(view);
    if (matched > 0) {
      const last = this.#pending[matched - 1];
      this.#pending = this.#pending.slice(matched);
      if (last !== undefined) this.#base = { column: last.column, row: last.row };
      this.#confirmedAtMs = nowMs;
    } else if (view.column !== this.#base.column || view.row !== this.#base.row) {
      this.#contradicted();
    }
  }

  /** Drops what should have been echoed by now. To be called now and then while something is pending. */
  tick(nowMs: number): void {
    const first = this.#pending[0];
    if (first === undefined) return;
    const takenLongAgo = first.inputEnd <= this.#takenUntil && nowMs - this.#takenAtMs > echoGraceMs;
    if (takenLongAgo || nowMs - first.atMs > pendingMsMax) this.#contradicted();
  }

  /** The socket was lost, a snapshot was drawn, the size changed: nothing is known any more. */
  reset(inputEnd: number): void {
    this.#seen = null;
    this.#unknown(inputEnd);
    this.#doubt();
  }

  get pending(): number {
    return this.#pending.length;
  }

  picture(): Picture {
    const last = this.#pending.at(-1);
    if (this.#confirmedAtMs === null || last === undefined) return nothing;
    const cells = new Map<string, Shown>();
    for (const { cell } of this.#pending) if (cell !== null) cells.set(`${cell.column} ${cell.row}`, cell);
    return { cells: [...cells.values()], cursor: { column: last.column, row: last.row } };
  }

  #predict(key: string, inputEnd: number, view: ScreenView, atMs: number): void {
    if (this.#pending.length === 0) this.#base = { column: view.column, row: view.row };
    const effect = this.#effectOf(key, view);
    if (effect === null) this.#unknown(inputEnd);
    else this.#pending.push({ ...effect, inputEnd, atMs });
  }

  /** What came before them has shown its effect: those that are still under way will land where the cursor is now. */
  #place(view: ScreenView): void {
    const waiting = this.#waiting.filter(({ inputEnd }) => inputEnd > this.#takenUntil);
    this.#waiting = [];
    for (const { key, inputEnd, atMs } of waiting) {
      if (this.#takenUntil < this.#unknownUntil) this.#waiting.push({ key, inputEnd, atMs });
      else this.#predict(key, inputEnd, view, atMs);
    }
  }

  #effectOf(key: string, view: ScreenView): Omit<Prediction, "inputEnd" | "atMs"> | null {
    const { column, row } = this.#pending.at(-1) ?? this.#base;
    if (/^[ -~]$/.test(key)) {
      // In the middle of a line the shell shifts what follows, and at its end it wraps: both are left to the real echo.
      if (column + 1 >= view.columns || !this.#blankFrom(column, row, view)) return null;
      return { cell: { column, row, text: key }, column: column + 1, row };
    }
    switch (key) {
      case "\x7f":
        // Only what we saw being typed is ours to take back: to the left of it is the prompt.
        if (column === 0 || !this.#blankFrom(column, row, view) || this.#at(column - 1, row, view) === " ") return null;
        return { cell: { column: column - 1, row, text: " " }, column: column - 1, row };
      case "\x1b[D":
      case "\x1bOD":
        return column === 0 || this.#at(column - 1, row, view) === " " ? null : { cell: null, column: column - 1, row };
      case "\x1b[C":
      case "\x1bOC":
        return this.#at(column, row, view) === " " ? null : { cell: null, column: column + 1, row };
      default:
        return null;
    }
  }

  /** The cell as it will be once everything pending has come true. */
  #at(column: number, row: number, view: ScreenView): string {
    const own = this.#pending.findLast(({ cell }) => cell?.column === column && cell.row === row);
    return own?.cell?.text ?? view.cell(column, row);
  }

  #blankFrom(column: number, row: number, view: ScreenView): boolean {
    for (let at = column; at < view.columns; at += 1) if (this.#at(at, row, view) !== " ") return false;
    return true;
  }

  /** How many of the pending keys the real screen already shows. */
  #matching(view: ScreenView): number {
    for (let count = this.#pending.length; count > 0; count -= 1) {
      const last = this.#pending[count - 1];
      if (last?.column !== view.column || last.row !== view.row) continue;
      const cells = new Map<string, Shown>();
      for (const { cell } of this.#pending.slice(0, count)) if (cell !== null) cells.set(`${cell.column} ${cell.row}`, cell);
      if ([...cells.values()].every(({ column, row, text }) => view.cell(column, row) === text)) return count;
    }
    return 0;
  }

  #noticeScreen({ alternate }: ScreenView): void {
    if (alternate === this.#alternate) return;
    this.#alternate = alternate;
    this.#doubt();
  }

  /** A key whose effect only the real echo will tell. */
  #unknown(inputEnd: number): void {
    this.#unknownUntil = inputEnd;
    this.#doubt();
  }

  #contradicted(): void {
    const last = this.#pending.at(-1);
    if (last !== undefined) this.#unknown(last.inputEnd);
  }

  #doubt(): void {
    this.#pending = [];
    this.#waiting = [];
    this.#confirmedAtMs = null;
  }
}
