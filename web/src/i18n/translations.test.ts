import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

type Tree = { readonly [key: string]: string | Tree };

function sentences(tree: Tree, prefix = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[prefix + key, value]] : sentences(value, `${prefix}${key}.`),
  );
}

const english = new Map(sentences(en));
const chinese = new Map(sentences(zh));
const variables = (sentence: string | undefined) =>
  Array.from(sentence?.matchAll(/\{\{(\w+)\}\}/g) ?? [], ([, name]) => name).toSorted();

const source = import.meta.dirname.replace(/i18n$/, "");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test.") && !file.startsWith("i18n"))
  .map((file) => readFileSync(join(source, file), "utf8"));

test("both languages have the same keys", () => {
  expect([...chinese.keys()].toSorted()).toEqual([...english.keys()].toSorted());
});

test("no sentence is empty in either language", () => {
  for (const [key, sentence] of [...english, ...chinese]) expect(sentence.trim(), key).not.toBe("");
});

test("each sentence takes the same variables in both languages", () => {
  for (const [key, sentence] of english) expect(variables(chinese.get(key)), key).toEqual(variables(sentence));
});

test("every key used in the source exists", () => {
  const used = files.flatMap((file) => Array.from(file.matchAll(/\bt\(\s*"([^"]+)"/g), ([, key]) => key ?? ""));
  const missing = used.filter((key) => !english.has(key) && !english.has(`${key}_other`));
  expect(used.length).toBeGreaterThan(200);
  expect(missing).toEqual([]);
});

test("every sentence is used somewhere", () => {
  const literal = new Set(
    files.flatMap((file) => Array.from(file.matchAll(/["`]([\w-]+(?:\.[\w-]+)+)["`]/g), ([, key]) => key ?? "")),
  );
  const families = files.flatMap((file) => Array.from(file.matchAll(/`(\w+)\.\$\{/g), ([, family]) => family ?? ""));
  const unused = [...english.keys()]
    .map((key) => key.replace(/_(?:one|other)$/, ""))
    .filter((key) => !literal.has(key) && !families.includes(key.split(".")[0] ?? ""));
  expect(unused).toEqual([]);
});
