// Many small questions, one statement. While one statement is under way, the questions that come gather for the next: alone a question waits for
// nobody, and ten thousand agents that come back in a minute cost some hundred statements and one connection, so that people's requests keep theirs.
import { setTimeout as pause } from "node:timers/promises";

/** The answers of a batch are worked on in one turn of the loop: 64 agents take some 20 ms, which an echo may wait. */
const questionsMax = 64;

/** A handshake of the network takes longer. */
const gatherMs = 10;

type Waiting<Question, Answer> = {
  question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
};

/**
 * What waits is bounded by who may ask: each caller has one question open.
 *
 * @param ask answers in the order of the questions. When it fails, it has failed for each of them.
 */
export function gathered<Question, Answer>(
  ask: (questions: Question[]) => Promise<Answer[]>,
): (question: Question) => Promise<Answer> {
  const waiting: Waiting<Question, Answer>[] = [];
  let asking = false;

  const askAll = async (): Promise<void> => {
    let together = false;
    while (waiting.length > 0) {
      // Several came at once, so more are coming: a statement costs the same for one as for ten.
      if (together && waiting.length < questionsMax) await pause(gatherMs);
      const batch = waiting.splice(0, questionsMax);
      together = batch.length > 1;
      try {
        const answers = await ask(batch.map(({ question }) => question));
        if (answers.length !== batch.length) throw new Error(`${answers.length} answers to ${batch.length} questions`);
        for (const [n, answer] of answers.entries()) batch[n]?.resolve(answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    asking = false;
  };

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (asking) return;
      asking = true;
      setImmediate(() => void askAll()); // whoever else asks in this turn is in the first batch
    });
}

/** The same for rows that belong to a subject: each question is an id, its answer the rows of that id. */
export function gatheredRows<Row>(
  ask: (ids: string[]) => Promise<Row[]>,
  idOf: (row: Row) => string,
): (id: string) => Promise<Row[]> {
  return gathered(async (ids) => {
    const found = new Map<string, Row[]>();
    for (const row of await ask([...new Set(ids)])) {
      const rows = found.get(idOf(row));
      if (rows === undefined) found.set(idOf(row), [row]);
      else rows.push(row); // one agent may have ten thousand, so no copy for each
    }
    return ids.map((id) => found.get(id) ?? []);
  });
}
