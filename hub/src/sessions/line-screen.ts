// What stands in the line of the cursor: a headless terminal that follows the output. It is looked at when somebody presses Enter, so that history,
// completion and what was edited are seen as the shell shows them, and not as the keys that were pressed.
import { type IMarker, Terminal } from "@xterm/headless";

/** Drawn at once, and then so much in this time: about a thousandth of a second of work in fifty. A flood is not followed, only its end. */
const pieceBytes = 16 * 1024;
const betweenPiecesMs = 50;
/** Waiting to be drawn. What is older than the last of it has scrolled away when anybody looks. */
const waitingBytesMax = 256 * 1024;
const keptBytes = 64 * 1024;
/** A line that somebody edits is no longer; what lies above scrolls away. */
const rowsKept = 200;

export type ShownLine = {
  /** From where typing began, where that is known; otherwise with the prompt. Rows that one line was wrapped into are one; others stand below each other. */
  text: string;
  /** An editor, a pager, a terminal multiplexer has the screen: where a line begins there only it knows. */
  fullScreen: boolean;
};

/** Something to be drawn, or a place in the output that is to be marked when it is reached. */
type Step = Buffer | "begin" | "begin-below";

export class LineScreen {
  readonly #terminal: Terminal;
  #waiting: Step[] = [];
  #waitingBytes = 0;
  #drawing = false;
  #mark: { at: IMarker; column: number } | null = null;
  #onDrawn: (() => void)[] = [];
  #pause: NodeJS.Timeout | null = null;
  #over = false;

  /** @param history what was printed last before; what is printed while it is fetched comes after it. Null: nothing was. */
  constructor(columns: number, rows: number, history: Promise<Uint8Array> | null) {
    this.#terminal = new Terminal({ cols: columns, rows, scrollback: rowsKept, allowProposedApi: true, logLevel: "off" });
    if (history === null) return;
    this.#drawing = true;
    const goOn = (bytes: Uint8Array): void => {
      this.#waiting.unshift(Buffer.from(bytes));
      this.#waitingBytes += bytes.length;
      this.#drawing = false;
      this.#draw();
    };
    history.then(goOn, () => goOn(new Uint8Array())); // a log that cannot be read is told elsewhere; the next line is seen whole
  }

  /** What the terminal printed. Copied: the caller's memory goes on to what is printed next. */
  print(data: Uint8Array): void {
    this.#waiting.push(Buffer.from(data));
    this.#waitingBytes += data.length;
    if (this.#waitingBytes > waitingBytesMax) this.#skip();
    this.#draw();
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Everything that was printed so far has been drawn. */
  drawn(): Promise<void> {
    if (!this.#drawing || this.#over) return Promise.resolve();
    return new Promise((resolve) => this.#onDrawn.push(resolve));
  }

  /** A line begins where the cursor is once everything printed so far is drawn. */
  begin(): void {
    this.#waiting.push("begin");
    this.#draw();
  }

  /** The same where the cursor has gone below the line that was marked: what stood there was given up. */
  beginBelow(): void {
    this.#waiting.push("begin-below");
    this.#draw();
  }

  /** Does whatever runs there ask to be told where something pasted begins and ends? Then what is pasted is not run line by line. */
  get marksPastes(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** spans: it may stand in rows of its own above, as what was pasted does. */
  line(spans: boolean): ShownLine {
    const buffer = this.#terminal.buffer.active;
    const cursor = buffer.baseY + buffer.cursorY;
    const first = this.#firstRow(cursor);
    let last = cursor;
    while (this.#isWrapped(last + 1)) last++;
    const mark = this.#mark;
    // A mark above is of a line that is over: something was printed since.
    const marked = mark !== null && mark.at.line >= (spans ? cursor - this.#terminal.rows : first) && mark.at.line <= cursor;
    const from = marked ? mark.at.line : first;
    let text = "";
    for (let y = from; y <= last; y++) {
      const row = buffer.getLine(y)?.translateToString(!this.#isWrapped(y + 1), marked && y === from ? mark.column : 0) ?? "";
      text += y === from || this.#isWrapped(y) ? row : `\n${row}`;
    }
    return { text: text.trimEnd(), fullScreen: buffer.type === "alternate" };
  }

  #isWrapped(row: number): boolean {
    return this.#terminal.buffer.active.getLine(row)?.isWrapped === true;
  }

  /** Of the rows that one line was wrapped into. */
  #firstRow(row: number): number {
    let first = row;
    while (first > 0 && this.#isWrapped(first)) first--;
    return first;
  }

  end(): void {
    this.#over = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#tellDrawn();
    this.#terminal.dispose();
  }

  #skip(): void {
    while (this.#waitingBytes > keptBytes && this.#waiting.length > 1) {
      const oldest = this.#waiting.shift();
      if (Buffer.isBuffer(oldest)) this.#waitingBytes -= oldest.length;
    }
  }

  #draw(): void {
    if (this.#drawing || this.#over) return;
    let next = this.#waiting.shift();
    while (next !== undefined && !Buffer.isBuffer(next)) {
      this.#markLine(next);
      next = this.#waiting.shift();
    }
    if (next === undefined) {
      this.#tellDrawn();
      return;
    }
    this.#drawing = true;
    const piece = next.subarray(0, pieceBytes);
    if (piece.length < next.length) this.#waiting.unshift(next.subarray(pieceBytes));
    this.#waitingBytes -= piece.length;
    // A keystroke's echo is one small piece, and is drawn without a pause.
    const pause = piece.length < 1_024 && this.#waitingBytes < pieceBytes ? 0 : betweenPiecesMs;
    this.#terminal.write(piece, () => {
      if (this.#over) return;
      if (pause > 0 && this.#waiting.length > 0) this.#pause = setTimeout(() => this.#goOn(), pause);
      else this.#goOn();
    });
  }

  #goOn(): void {
    this.#drawing = false;
    this.#draw();
  }

  #markLine(how: "begin" | "begin-below"): void {
    const buffer = this.#terminal.buffer.active;
    const isBelow = this.#mark === null || this.#firstRow(buffer.baseY + buffer.cursorY) > this.#mark.at.line;
    if (how === "begin-below" && !isBelow) return;
    this.#mark?.at.dispose();
    const at = this.#terminal.registerMarker(0);
    this.#mark = at === undefined ? null : { at, column: buffer.cursorX };
  }

  #tellDrawn(): void {
    for (const tell of this.#onDrawn.splice(0)) tell();
  }
}
