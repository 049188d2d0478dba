// Secrets in what is printed, however it is cut.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Masker } from "./masker.ts";

const masked = (secrets: string[], pieces: Buffer[]): string => {
  const masker = new Masker(secrets);
  return Buffer.concat([...pieces.map((piece) => masker.push(piece)), masker.end()]).toString("latin1");
};
const whole = (secrets: string[], text: string): string => masked(secrets, [Buffer.from(text)]);

test.each([
  ["a secret", ["hunter2"], "a hunter2 b hunter2", "a *** b ***"],
  ["the longer of two that begin alike", ["abcd", "abcdef"], "abcdef abcd", "*** ***"],
  ["what only begins like one", ["hunter2"], "hunter hunter", "hunter hunter"],
  [
    "a secret with several lines, as a whole and line by line",
    ["key-one\nab\nkey-two\n"],
    "key-one\nab\nkey-two\n|key-two|ab",
    "***|***|ab",
  ],
  ["nothing, where there is none", [], "plain", "plain"],
  ["a secret that follows its own beginning", ["aab"], "aaab", "a***"],
] as const)("%s is hidden", (_what, secrets, text, shown) => {
  expect(whole([...secrets], text)).toBe(shown);
});

test("however the output is cut, the same is shown, and never a secret", () => {
  const letters = fc.constantFrom("a", "b", "c");
  const word = fc.string({ unit: letters, minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.array(word, { maxLength: 20 }), (secrets, pieces) => {
      const cut = masked(
        secrets,
        pieces.map((piece) => Buffer.from(piece)),
      );
      expect(cut).toBe(whole(secrets, pieces.join("")));
      for (const secret of secrets) expect(cut).not.toContain(secret);
    }),
    { numRuns: 500 },
  );
});

test("bytes that begin no secret are shown at once", () => {
  const masker = new Masker(["hunter2"]);
  expect(masker.push(Buffer.from("done: hun")).toString()).toBe("done: ");
  expect(masker.push(Buffer.from("ger\n")).toString()).toBe("hunger\n");
});
