// Markdown for robots that know some of it and no way to escape: what could become a link, an image, a mention or markup is replaced by its wide twin.
import { andMore, type Message, rowLine, unlinked } from "../message.ts";

const twins: Record<string, string> = {
  "[": "［",
  "]": "］",
  "<": "＜",
  ">": "＞",
  "@": "＠",
  "`": "＇",
  "*": "＊",
  "~": "～",
  "|": "｜",
};

/** An underscore within a word is no markup, and names are full of them. */
export const neutral = (text: string): string =>
  unlinked(text)
    .replace(/[[\]<>@`*~|]/g, (character) => twins[character] ?? "")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "＿")
    .replace(/^(\s*)([#+-]|\d+\.)(?=\s)/, "$1\u2060$2");

/** @param message neutral already. @param gap between lines. */
export function markdownOf({ language, title, summary, facts, table }: Message, gap: string): string {
  return [
    `### ${title}`,
    ...(summary === "" ? [] : [summary]),
    ...facts.map(({ name, value }) => (value === "" ? name : `**${name}**: ${value}`)),
    ...(table?.rows ?? []).map((row) => `- ${rowLine(row)}`),
    ...(table === null || table.more === 0 ? [] : [andMore(language, table.more)]),
  ].join(gap);
}
