import { expect, test } from "vitest";
import { gathered, gatheredRows } from "./gathered.ts";

test("a question alone is asked at once, those that come meanwhile are asked together", async () => {
  const asked: number[][] = [];
  let answer = () => {};
  const double = gathered<number, number>(async (questions) => {
    asked.push(questions);
    if (asked.length === 1)
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
    return questions.map((n) => n * 2);
  });
  const first = double(1);
  await new Promise((resolve) => setImmediate(resolve));
  const rest = [2, 3, 4].map(double);
  answer();
  expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8]);
  expect(asked).toEqual([[1], [2, 3, 4]]);
});

test("a thousand questions are no statement of a thousand", async () => {
  const sizes: number[] = [];
  const echo = gathered<number, number>(async (questions) => {
    sizes.push(questions.length);
    return questions;
  });
  const numbers = Array.from({ length: 1_000 }, (_, n) => n);
  expect(await Promise.all(numbers.map(echo))).toEqual(numbers);
  expect(Math.max(...sizes)).toBe(64);
});

test("a statement that fails fails for those in it, and the next goes on", async () => {
  let fail = true;
  const ask = gathered<string, string>(async (questions) => {
    if (fail) throw new Error("the database is away");
    return questions;
  });
  const refused = await Promise.allSettled([ask("a"), ask("b")]);
  expect(refused.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fail = false;
  expect(await ask("c")).toBe("c");
});

test("too few answers are no answers", async () => {
  const ask = gathered<string, string>(async () => []);
  await expect(ask("a")).rejects.toThrow("0 answers to 1 questions");
});

test("rows find the one who asked, also when two ask the same", async () => {
  const asked: string[][] = [];
  const rowsOf = gatheredRows(
    async (ids) => {
      asked.push(ids);
      return [
        { owner: "b", n: 1 },
        { owner: "b", n: 2 },
      ];
    },
    ({ owner }) => owner,
  );
  const [a, b, again] = await Promise.all([rowsOf("a"), rowsOf("b"), rowsOf("b")]);
  expect(a).toEqual([]);
  expect(b.map(({ n }) => n)).toEqual([1, 2]);
  expect(again).toEqual(b);
  expect(asked).toEqual([["a", "b"]]);
});

test("one subject may have very many rows", async () => {
  const many = Array.from({ length: 100_000 }, (_, n) => ({ of: "one", n }));
  const rowsOf = gatheredRows(
    async () => many,
    ({ of }) => of,
  );
  const from = performance.now();
  expect(await rowsOf("one")).toEqual(many);
  expect(performance.now() - from).toBeLessThan(2_000); // a copy for each row would take minutes
});
