// What each SQL terminal of this process was answered last, for whoever may take it along. Gone with the terminal, and never on disk.
import { byteOrderMark, csvLine } from "../../csv/write-csv.ts";
import type { Answer } from "../session.ts";

type Kept = Pick<Answer, "columns" | "rows">;

/** Each answer is bounded by its terminal, and a person's terminals are; see sql-shell.ts. */
export class LastAnswers {
  readonly #bySession = new Map<string, Kept | null>();

  /** From now on answers of this terminal are kept: its person may take them along. */
  begin(sessionId: string): void {
    this.#bySession.set(sessionId, null);
  }

  isKept(sessionId: string): boolean {
    return this.#bySession.has(sessionId);
  }

  keep(sessionId: string, { columns, rows }: Answer): void {
    if (!this.#bySession.has(sessionId)) return; // it was closed meanwhile
    this.#bySession.set(sessionId, { columns, rows });
  }

  forget(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }

  /** Null when nothing was answered, or the terminal is gone. */
  of(sessionId: string): Kept | null {
    return this.#bySession.get(sessionId) ?? null;
  }
}

export function* answerCsv({ columns, rows }: Kept): Generator<string> {
  yield byteOrderMark + csvLine(columns);
  for (const row of rows) yield csvLine(row);
}
