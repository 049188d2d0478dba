// What a rule about a command line sees and what it does not, on a real shell. The second half is as much of a promise as the first: docs/decisions/0025
// tells it, and the console says that such rules are guard rails.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, expect, test } from "vitest";
import { LineGate, type LineState } from "../sessions/line-gate.ts";
import { LineScreen } from "../sessions/line-screen.ts";
import { eventually } from "../testing/eventually.ts";
import { RealShells } from "../testing/real-shell.ts";
import { firstMatch } from "./patterns.ts";

/** Stands for what nobody may do there without being looked at. */
const forbidden = [{ kind: "words" as const, text: "touch caught" }];

const bash = new RealShells("exec bash --norc --noprofile -i");
const dash = new RealShells("exec dash -i");
afterAll(() => {
  bash.end();
  dash.end();
});

type Way = { name: string; keys: readonly string[]; shell?: RealShells; before?: readonly string[] };

const enter = "\r";
const up = "\u001b[A";
const paste = (text: string) => `\u001b[200~${text}\u001b[201~`;

const seen: Way[] = [
  { name: "as it stands", keys: ["touch caught", enter] },
  { name: "spaces before and between", keys: ["   touch    caught", enter] },
  { name: "behind &&", keys: ["true && touch caught", enter] },
  { name: "behind a semicolon without a space", keys: ["true;touch caught", enter] },
  { name: "behind a pipe", keys: ["echo x|touch caught", enter] },
  { name: "in the background", keys: ["touch caught&", enter] },
  { name: "by its path", keys: ["/usr/bin/touch caught", enter] },
  { name: "past an alias", keys: ["\\touch caught", enter] },
  { name: "a quoted letter", keys: ["t'o'uch caught", enter] },
  { name: "empty quotes inside", keys: ["to\"\"uch cau''ght", enter] },
  { name: "a backslash inside", keys: ["t\\ouch caught", enter] },
  { name: "quoted words", keys: ["\"touch\" 'caught'", enter] },
  { name: "$IFS for a space", keys: ["touch$IFS''caught", enter] },
  { name: "$IFS in braces", keys: [`touch\${IFS}caught`, enter] },
  { name: "in a subshell", keys: ["(touch caught)", enter] },
  { name: "substituted", keys: ["echo $(touch caught)", enter] },
  { name: "in backticks", keys: ["echo `touch caught`", enter] },
  { name: "by env", keys: ["env A=1 touch caught", enter] },
  { name: "by another shell", keys: ["sh -c 'touch caught'", enter] },
  { name: "by eval", keys: ["eval touch caught", enter] },
  { name: "from the history", before: ["touch caught", enter], keys: [up, enter] },
  { name: "from the history, searched", before: ["touch caught", enter], keys: ["\u0012tou", enter] },
  { name: "run and the next one fetched, Ctrl-O", before: ["touch caught", enter], keys: [up, "\u000f"] },
  { name: "with line feed for Enter", keys: ["touch caught", "\n"] },
  { name: "corrected while it is typed", keys: ["tuoch\u007f\u007f\u007f\u007fouch caught", enter] },
  { name: "written from its end", keys: ["caught\u0001touch \u0005", enter] },
  { name: "killed and yanked back", keys: ["touch caught\u0015\u0019", enter] },
  {
    name: "completed with Tab",
    before: ["touch caughtier", enter],
    keys: ["touch caught\u0009", "\u007f\u007f\u007f\u007f", enter],
  },
  { name: "pasted with others", keys: [paste("true\rtouch caught\rtrue"), enter] },
  { name: "pasted where pastes are not marked", shell: dash, keys: ["true\rtouch caught\rtrue\r"] },
  { name: "with the echo off", before: ["stty -echo", enter], shell: dash, keys: ["touch caught", enter] },
  { name: "in one piece with its Enter", keys: ["touch caught\r"] },
  { name: "one key at a time, fast", keys: [..."touch caught", enter] },
  { name: "from a program that asks a shell", keys: ["python3 -c 'import os; os.system(\"touch caught\")'", enter] },
];

const unseen: Way[] = [
  { name: "a variable", keys: ["a=touch; $a caught", enter] },
  { name: "braces", keys: ["{touch,caught}", enter] },
  { name: "a pattern for the file name", keys: ["/usr/bin/t?uch caught", enter] },
  { name: "an alias", keys: ["alias t=touch", enter, "t caught", enter] },
  { name: "encoded", keys: ["printf 'dG91Y2ggY2F1Z2h0' | base64 -d | sh", enter] },
  { name: "letters by their number", keys: ["$'\\x74ouch' caught", enter] },
  { name: "a line that goes on in the next one", keys: ["touch \\", enter, "caught", enter] },
  { name: "a script", keys: [". ./lines", enter] },
  { name: "the history by its number of words", before: ["true touch caughted", enter], keys: ["!:1 caught", enter] },
  { name: "another spelling of the file", keys: ["touch ./caught", enter] },
];

async function go(shells: RealShells, way: Way): Promise<{ states: LineState[]; ran: boolean }> {
  const file = path.join(shells.folder, "caught");
  rmSync(file, { force: true });
  writeFileSync(path.join(shells.folder, "lines"), "touch caught\n");
  const states: LineState[] = [];
  let printed = "";
  let looks = false;
  const screen = new LineScreen(80, 24, null);
  const gate = new LineGate({
    screen,
    late: false,
    judge: async ({ shown, typed }) =>
      looks && [shown, typed ?? ""].some((text) => firstMatch(forbidden, text) !== null)
        ? { kind: "refuse", rule: "", line: shown, says: "", why: "refused" }
        : { kind: "pass" },
    forward: (bytes) => shells.typed(shell, Buffer.from(bytes)),
    onWaiting: () => {},
    onState: (state) => states.push(state),
    roundTripMs: () => 1,
  });
  const shell = {
    print: (data: Buffer | string) => {
      printed += data.toString();
      gate.onPrinted(Buffer.from(data));
      return 0;
    },
    exit: () => {},
  };
  const child = shells.of(shell);
  const type = (text: string) => gate.take(Buffer.from(text));
  const prompt = async (before: number) =>
    eventually(
      () => printed.slice(before),
      (text) => /[$#] $/.test(stripVTControlCharacters(text)),
      { what: "the prompt" },
    );
  await prompt(0);
  for (const keys of way.before ?? []) {
    const before = printed.length;
    type(keys);
    if (keys === enter) await prompt(before);
  }
  rmSync(file, { force: true });
  looks = true;
  for (const keys of way.keys) {
    type(keys);
    if (keys.length > 1) await new Promise((resolve) => setTimeout(resolve, 30)); // as the fastest of typists
  }
  await eventually(() => existsSync(file) || states.some(({ state }) => state === "refused"), Boolean, {
    what: way.name,
    withinMs: 5_000,
  });
  // Whatever else was typed has had its time.
  await new Promise((resolve) => setTimeout(resolve, 50));
  gate.end();
  child.kill("SIGKILL");
  return { states, ran: existsSync(file) };
}

test.each(seen)("seen: $name", async (way) => {
  const { states, ran } = await go(way.shell ?? bash, way);
  expect(states.map(({ state }) => state)).toContain("refused");
  expect(ran).toBe(false);
});

test.each(unseen)("not seen: $name", async (way) => {
  const { states, ran } = await go(way.shell ?? bash, way);
  expect(states.map(({ state }) => state)).not.toContain("refused");
  expect(ran).toBe(true);
});
