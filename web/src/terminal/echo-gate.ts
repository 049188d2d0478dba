// Whether letters may be drawn ahead of their echo, from what the host's terminal says of its modes. Pure; knows nothing of letters.
//
// The kernel's echo alone says little. A program that draws for itself (an editor, but also readline, so every bash prompt) turns it off
// together with the kernel's line editing and prints each key on its own: there the predictor finds out by what comes back. Who asks for a
// password (sudo, ssh, `read -s`) turns off the echo and leaves the editing of the line to the kernel, and nothing else does. So that pair
// means: a secret is being typed.

export interface EchoMode {
  /** The kernel prints what is typed. */
  echo: boolean;
  /** The kernel edits the line and hands it over whole. */
  canonical: boolean;
}

export const asksForSecret = ({ echo, canonical }: EchoMode): boolean => canonical && !echo;

export class EchoGate {
  #open = true;
  #drawn = 0;
  /** It opens once output up to here is on the screen. */
  #opensAt: number | null = null;

  get open(): boolean {
    return this.#open;
  }

  /**
   * The mode as it was when the host had printed up to `offset`. The word travels past the output: it shuts at once, and opens when the
   * screen has come as far, so that a letter is never drawn onto a prompt that is already over for the host and not yet for the eye.
   */
  heard(mode: EchoMode, offset: number): void {
    if (asksForSecret(mode)) {
      this.#open = false;
      this.#opensAt = null;
    } else if (!this.#open) {
      this.#opensAt = offset;
      this.drawn(this.#drawn);
    }
  }

  /** Output up to `offset` is on the screen. */
  drawn(offset: number): void {
    this.#drawn = Math.max(this.#drawn, offset);
    if (this.#opensAt === null || this.#drawn < this.#opensAt) return;
    this.#opensAt = null;
    this.#open = true;
  }

  /** Nobody watches any more: what was said says nothing about later. The predictor is careful by itself. */
  forget(): void {
    this.#open = true;
    this.#opensAt = null;
  }
}
