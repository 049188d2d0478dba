// What somebody has typed since the last line: the second witness of it beside the screen, for what the screen does not show. Pure.

/** Nobody types more into one line; what is longer is not followed. */
const lengthMax = 4_096;

const keys = { interrupt: 0x03, backspace: 0x08, killLine: 0x15, killWord: 0x17, escape: 0x1b, delete: 0x7f } as const;
/** Said by a terminal around what is pasted into it. */
const pasteBegins = "\u001b[200~";
const pasteEnds = "\u001b[201~";

export class TypedText {
  readonly #decoder = new TextDecoder();
  #text: string | null = "";

  /** Null: by history, completion or an edit somewhere in the line it became something else, which the screen alone knows. */
  get text(): string | null {
    return this.#text;
  }

  add(bytes: Uint8Array): void {
    const typed = this.#decoder.decode(bytes, { stream: true }).replaceAll(pasteBegins, "").replaceAll(pasteEnds, "");
    for (const character of typed) {
      const code = character.codePointAt(0) ?? 0;
      if (code === keys.interrupt) this.clear();
      else if (this.#text === null) continue;
      else if (code === keys.backspace || code === keys.delete) this.#text = [...this.#text].slice(0, -1).join("");
      else if (code === keys.killLine) this.#text = "";
      else if (code === keys.killWord) this.#text = this.#text.replace(/\S*\s*$/u, "");
      else if (code < 0x20 || this.#text.length >= lengthMax) this.#text = null;
      else this.#text += character;
    }
  }

  clear(): void {
    this.#text = "";
  }
}
