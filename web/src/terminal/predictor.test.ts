import { beforeEach, describe, expect, test } from "vitest";
import { Predictor, predictAboveMs, type ScreenView } from "./predictor.ts";

/** A shell that echoes when told to; the line between has any length, because the test decides when an echo arrives. */
class FakeLine implements ScreenView {
  readonly columns = 20;
  alternate = false;
  column = 0;
  row = 0;
  #rows: string[] = [""];

  cell(column: number, row: number): string {
    return this.#rows[row]?.[column] ?? " ";
  }

  print(text: string): void {
    for (const character of text) {
      if (character === "\n") {
        this.row += 1;
        this.column = 0;
        this.#rows[this.row] ??= "";
      } else if (character === "\b") {
        this.column -= 1;
      } else {
        const row = (this.#rows[this.row] ?? "").padEnd(this.column);
        this.#rows[this.row] = row.slice(0, this.column) + character + row.slice(this.column + 1);
        this.column += 1;
      }
    }
  }
}

let line: FakeLine;
let predictor: Predictor;
let input: number;
let now: number;

beforeEach(() => {
  line = new FakeLine();
  predictor = new Predictor();
  input = 0;
  now = 1_000;
  predictor.roundTrip(120);
  print("$ ");
});

const type = (...keys: string[]) => {
  for (const key of keys) {
    input += key.length;
    predictor.typed(key, input, line, now);
  }
};
const print = (text: string) => {
  line.print(text);
  predictor.drawn(line, now);
};
/** The shell has taken everything, and this is what it printed. */
const answer = (text: string) => {
  now += 120;
  predictor.taken(input, now);
  if (text !== "") print(text);
};
const shown = () =>
  predictor
    .picture()
    .cells.sort((a, b) => a.column - b.column)
    .map(({ text }) => text)
    .join("");
/** One echoed letter makes the line trusted. */
const confirm = () => {
  type("l");
  answer("l");
};

describe("what is typed", () => {
  test("is not shown before one echo has come back as predicted", () => {
    type("l", "s");
    expect(shown()).toBe("");
    answer("l");
    expect(shown()).toBe("s");
  });

  test("is shown at once from then on, at the cells where it will appear, with the cursor after it", () => {
    confirm();
    type("s", " ", "-", "a");
    expect(predictor.picture()).toEqual({
      cells: [
        { column: 3, row: 0, text: "s" },
        { column: 4, row: 0, text: " " },
        { column: 5, row: 0, text: "-" },
        { column: 6, row: 0, text: "a" },
      ],
      cursor: { column: 7, row: 0 },
    });
  });

  test("is the real screen's business once its echo is there", () => {
    confirm();
    type("s", "x");
    print("s");
    expect(shown()).toBe("x");
    print("x");
    expect(predictor.picture()).toEqual({ cells: [], cursor: null });
  });

  test("and echoed in one piece is confirmed in one piece", () => {
    confirm();
    type("s", "x", "y");
    print("sxy");
    expect(predictor.pending).toBe(0);
    type("z");
    expect(shown()).toBe("z");
  });

  test("is never shown on a quick line, and the bounds do not flicker", () => {
    predictor.roundTrip(predictAboveMs - 5);
    confirm();
    type("s");
    expect(shown()).toBe("s"); // still above 30 ms
    predictor.roundTrip(29);
    expect(shown()).toBe("");
    predictor.roundTrip(39);
    answer("s");
    confirm();
    type("s");
    expect(shown()).toBe("");
    predictor.roundTrip(41);
    answer("s");
    confirm();
    type("t");
    expect(shown()).toBe("t");
  });
});

test("somebody who types faster than the line answers, right after Enter, is followed as well", () => {
  confirm();
  type("\r", "a", "b", "c", "d");
  const enter = input - 4;
  predictor.taken(enter, now);
  print("\n$ ");
  predictor.taken(enter + 1, now);
  print("a");
  expect(shown()).toBe("bcd");
});

describe("corrections", () => {
  test("another letter than the predicted takes everything away at once and makes the line tentative", () => {
    confirm();
    type("a", "b");
    print("A");
    expect(predictor.picture()).toEqual({ cells: [], cursor: null });
    answer("B");
    type("c");
    expect(shown()).toBe("");
    answer("c");
    type("d");
    expect(shown()).toBe("d");
  });

  test("a key that was taken and not echoed is taken away after the grace", () => {
    confirm();
    type("a");
    answer("");
    predictor.tick(now + 100);
    expect(shown()).toBe("a");
    predictor.tick(now + 200);
    expect(shown()).toBe("");
  });

  test("a key that nobody takes is taken away in the end", () => {
    confirm();
    type("a");
    predictor.tick(now + 3_001);
    expect(shown()).toBe("");
  });

  test("output that comes by itself makes the line tentative", () => {
    confirm();
    print("\nBroadcast message\n$ l");
    type("s");
    expect(shown()).toBe("");
  });

  test("a lost socket, a snapshot or a new size forgets everything", () => {
    confirm();
    type("s");
    predictor.reset(input);
    expect(predictor.picture()).toEqual({ cells: [], cursor: null });
    type("t");
    expect(predictor.pending).toBe(0); // not before the shell has taken what was under way
  });
});

describe("a password prompt", () => {
  test("after Enter shows nothing of what is typed", () => {
    confirm();
    type("s", "\r");
    expect(shown()).toBe("");
    answer("s\nPassword: ");
    for (const letter of "secret") {
      type(letter);
      expect(shown()).toBe("");
      answer("");
      predictor.tick(now + 200);
    }
  });

  test("that the terminal reports as echo off shows nothing, even in a trusted line", () => {
    confirm();
    predictor.echo(false);
    type("s");
    expect(predictor.picture()).toEqual({ cells: [], cursor: null });
    expect(predictor.pending).toBe(0);
  });

  test("without a word, after a pause, shows nothing", () => {
    confirm();
    now += 3_100;
    type("s");
    expect(shown()).toBe("");
  });
});

describe("editing", () => {
  test("backspace takes back what is pending and what is real, but never more than the line holds", () => {
    confirm();
    type("x", "\x7f");
    expect(predictor.picture()).toMatchObject({ cells: [{ column: 3, text: " " }], cursor: { column: 3 } });
    type("\x7f");
    expect(predictor.picture().cursor).toEqual({ column: 2, row: 0 });
    type("\x7f"); // the blank of the prompt
    expect(predictor.pending).toBe(0);
  });

  test("a confirmed backspace leaves no trace", () => {
    confirm();
    type("x", "\x7f");
    print("x");
    print("\b \b");
    expect(predictor.pending).toBe(0);
    type("s");
    expect(shown()).toBe("s");
  });

  test("arrows move the predicted cursor over letters only", () => {
    confirm();
    type("s", "\x1b[D");
    expect(predictor.picture().cursor).toEqual({ column: 3, row: 0 });
    type("\x1b[C");
    expect(predictor.picture().cursor).toEqual({ column: 4, row: 0 });
    type("\x1b[C");
    expect(predictor.pending).toBe(0);
  });

  test("a letter in the middle of a line is left to the shell, which shifts the rest", () => {
    confirm();
    type("s", "\x1b[D", "x");
    expect(predictor.pending).toBe(0);
  });

  test("the last column is left to the shell, which wraps", () => {
    confirm();
    type(..."0123456789abcdef");
    expect(predictor.pending).toBe(16);
    type("X");
    expect(predictor.pending).toBe(0);
  });
});

test("in an alternate screen nothing is shown before an echo there", () => {
  confirm();
  line.alternate = true;
  type("i");
  expect(shown()).toBe("");
  answer("i");
  type("x");
  expect(shown()).toBe("x");
});

test("whatever is typed and printed in any order, nothing is left once everything has been taken and the grace is over", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const keys = ["a", "b", " ", "\x7f", "\x1b[D", "\x1b[C", "\r", "\t"];
  for (let n = 0; n < 5_000; n += 1) {
    now += random(100);
    if (random(2) === 0) type(keys[random(keys.length)] ?? "a");
    else print(["a", "b", " ", "\b \b", "\n$ ", "x"][random(6)] ?? "a");
    if (random(5) === 0) predictor.taken(input, now);
    if (line.column >= 19 || line.column < 1) print("\n$ ");
  }
  predictor.taken(input, now);
  predictor.tick(now + 4_000);
  expect(predictor.picture()).toEqual({ cells: [], cursor: null });
});
