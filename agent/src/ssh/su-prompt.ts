// Watches what su(1) prints, to know when it wants the password and whether it took it. Pure.
//
//   waiting ──the first line ends like a question──► answered ──a word──► passed
//      └───────────────────────────── too late ─────────┴───────────────────▲      no question came: nothing is ever typed
//
// Only the very first line counts: later ones may be another program's, and that must not get the password. What the person types waits for
// the end of it: before the question it would be taken for the answer, and right after it su throws it away.
import type { Closing } from "@sallyport/protocol/stream/stream-end";

/** What a login greets with before su runs. A question comes within it or not at all. */
const seenCharsMax = 4 * 1_024;
/** "Password: ", "Passwort: ", "密码：". */
const question = /[^\s\n][^\n]{0,80}(?:: |： ?)$/;
/** "su: Authentication failure", "bash: su: command not found". */
const complaint = /(?:^|\n)(?:[^\n]{0,64}: )?su: /;

export class SuPrompt {
  #seen = "";
  #state: "waiting" | "answered" | "passed" = "waiting";

  /** What the person types has to wait. */
  get holdsInput(): boolean {
    return this.#state !== "passed";
  }

  /** True once: now su wants the password. */
  onOutput(bytes: Uint8Array): boolean {
    if (this.#seen.length >= seenCharsMax) return false;
    this.#seen = (this.#seen + Buffer.from(bytes).toString()).slice(0, seenCharsMax);
    if (this.#state === "answered" && /\S/.test(this.#seen)) this.#state = "passed";
    if (this.#state !== "waiting" || !question.test(this.#seen)) return false;
    this.#state = "answered";
    this.#seen = "";
    return true;
  }

  /** Nothing more came in time. */
  tooLate(): void {
    this.#state = "passed";
  }

  /** How the terminal ended, given how the program did. */
  closingOf(closing: Closing): Closing {
    const refused = closing.exitCode !== null && closing.exitCode !== 0 && complaint.test(this.#seen.replaceAll("\r", ""));
    return refused ? { exitCode: closing.exitCode, reason: "su-refused" } : closing;
  }
}
