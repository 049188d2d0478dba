// Draws predictions over an xterm, in a layer of its own: the terminal's buffer never holds a letter that the shell did not print, so
// there is nothing to undo. Underlined, because not yet true.
import type { Terminal } from "@xterm/xterm";
import { Predictor, type ScreenView } from "./predictor.ts";

/** Between looks at what should have been echoed by now. */
const tickMs = 50;

export class PredictionLayer {
  readonly #xterm: Terminal;
  readonly #predictor = new Predictor();
  readonly #layer = document.createElement("div");
  #enabled = true;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #drawn = false;

  constructor(xterm: Terminal) {
    this.#xterm = xterm;
    this.#layer.dataset.predictions = "";
    this.#layer.ariaHidden = "true"; // a screen reader hears what is printed
    this.#layer.style.cssText = "position:absolute;inset:0;pointer-events:none;z-index:6;white-space:pre";
    xterm.onScroll(() => this.#draw());
  }

  /** Once the terminal has been opened into the page. */
  mount(): void {
    this.#xterm.element?.querySelector(".xterm-screen")?.append(this.#layer);
  }

  enable(on: boolean): void {
    this.#enabled = on;
    if (!on) this.reset(0);
  }

  /** Letters are drawn before their echo, so somebody must know when they may not be. */
  get atWork(): boolean {
    return this.#enabled && this.#predictor.atWork;
  }

  echo(on: boolean): void {
    this.#predictor.echo(on);
    this.#draw();
  }

  roundTrip(ms: number | null): void {
    this.#predictor.roundTrip(ms);
    this.#draw();
  }

  typed(key: string, inputEnd: number): void {
    if (!this.#enabled) return;
    this.#predictor.typed(key, inputEnd, this.#view(), performance.now());
    if (this.#predictor.pending > 0) this.#ticking ??= setInterval(() => this.#tick(), tickMs);
    this.#draw();
  }

  taken(inputEnd: number): void {
    this.#predictor.taken(inputEnd, performance.now());
  }

  /** The terminal has drawn real output. */
  outputDrawn(): void {
    this.#predictor.drawn(this.#view(), performance.now());
    this.#draw();
  }

  reset(inputEnd: number): void {
    this.#predictor.reset(inputEnd);
    this.#draw();
  }

  dispose(): void {
    clearInterval(this.#ticking);
    this.#layer.remove();
  }

  #tick(): void {
    this.#predictor.tick(performance.now());
    this.#draw();
    if (this.#predictor.pending > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #view(): ScreenView {
    const { buffer, cols } = this.#xterm;
    const { active } = buffer;
    return {
      column: active.cursorX,
      row: active.baseY + active.cursorY,
      columns: cols,
      alternate: active.type === "alternate",
      cell: (column, row) => active.getLine(row)?.getCell(column)?.getChars() || " ",
    };
  }

  #draw(): void {
    const { cells, cursor } = this.#predictor.picture();
    if (cursor === null && !this.#drawn) return;
    this.#layer.replaceChildren();
    this.#drawn = cursor !== null;
    const screen = this.#layer.parentElement;
    if (cursor === null || screen === null) return;
    const { cols, rows, options, buffer } = this.#xterm;
    const width = screen.clientWidth / cols;
    const height = screen.clientHeight / rows;
    const { foreground = "", background = "", cursor: cursorColour = "" } = options.theme ?? {};
    const place = (column: number, row: number, style: string, text: string) => {
      const line = row - buffer.active.viewportY;
      if (line < 0 || line >= rows) return; // scrolled away from it
      const cell = document.createElement("span");
      cell.style.cssText = `position:absolute;left:${column * width}px;top:${line * height}px;width:${width}px;height:${height}px;line-height:${height}px;${style}`;
      cell.textContent = text; // one printable ASCII character that the person typed
      this.#layer.append(cell);
    };
    const font = `font-family:${options.fontFamily};font-size:${options.fontSize}px;`;
    for (const { column, row, text } of cells)
      place(column, row, `${font}color:${foreground};background:${background};text-decoration:underline dotted`, text);
    place(cursor.column, cursor.row, `box-shadow:inset 0 0 0 1px ${cursorColour}`, "");
  }
}
