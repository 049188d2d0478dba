// Parameters of scripts: what is filled in arrives as declared, or is refused by name, and never becomes part of the script.
import { describe, expect, test } from "vitest";
import { type Parameter, parameter } from "./input.ts";
import { bindParameters, checkParameters } from "./parameters.ts";

const of = (type: string, more: object = {}): Parameter => parameter.parse({ name: "P", label: "P", type, ...more });
const nobody = () => undefined;
const bound = (one: Parameter, value: string | number | boolean | string[]) =>
  bindParameters([one], { P: value }, (id) => (id === "ast_1" ? "10.0.0.1" : undefined));

describe("a value", () => {
  test.each<[string, Parameter, string | number | boolean | string[], string]>([
    [
      "text with everything a shell would mean",
      of("string"),
      "$(id) `id` ; ' \" \n \u001b[31m",
      "$(id) `id` ; ' \" \n \u001b[31m",
    ],
    ["text that matches", of("string", { pattern: "[a-z]+" }), "abc", "abc"],
    ["an integer", of("integer", { min: 1, max: 9 }), 9, "9"],
    ["an integer from a form", of("integer"), "42", "42"],
    ["a number", of("number"), -1.5, "-1.5"],
    ["true", of("boolean"), true, "true"],
    ["a choice", of("choice", { choices: ["a", "b"] }), "b", "b"],
    ["several choices, in their order", of("multi-choice", { choices: ["a", "b", "c"] }), ["c", "a"], "a\nc"],
    ["a date", of("date", { min: "2026-01-01" }), "2026-02-28", "2026-02-28"],
    ["an asset", of("asset"), "ast_1", "10.0.0.1"],
  ])("that is %s arrives", (_, one, value, expected) => {
    expect(bound(one, value)).toMatchObject({ environment: { P: expected }, arguments: [], secrets: {} });
  });

  test.each<[string, Parameter, string | number | boolean | string[]]>([
    ["text that matches in part", of("string", { pattern: "[a-z]+" }), "abc;id"],
    ["a word for an integer", of("integer"), "1e"],
    ["half an integer", of("integer"), 1.5],
    ["an integer that no computer counts", of("integer"), "99999999999999999999"],
    ["too little", of("integer", { min: 1 }), 0],
    ["too much", of("number", { max: 1 }), 1.01],
    ["not a number", of("number"), "NaN"],
    ["no truth", of("boolean"), "yes"],
    ["another choice", of("choice", { choices: ["a"] }), "b"],
    ["another among several", of("multi-choice", { choices: ["a"] }), ["a", "b"]],
    ["a day that is none", of("date"), "2026-02-30"],
    ["a day too early", of("date", { min: "2026-01-01" }), "2025-12-31"],
    ["an asset nobody sees", of("asset"), "ast_2"],
    ["no account for a secret", of("secret"), "hunter2"],
    ["a list for a text", of("string"), ["a"]],
  ])("that is %s is refused by the parameter's name, and not repeated", (_, one, value) => {
    expect(() => bound(one, value)).toThrow(/^The parameter P /);
    try {
      bound(one, value);
    } catch (error) {
      expect(String(error)).not.toContain("hunter2");
    }
  });

  test("that is missing is refused where it is needed, and left out where it is not", () => {
    expect(() => bindParameters([of("string", { required: true })], {}, nobody)).toThrow("The parameter P is needed.");
    expect(bindParameters([of("string")], {}, nobody)).toEqual({ environment: {}, arguments: [], secrets: {}, files: {} });
    expect(bindParameters([of("integer", { required: true, default: 3 })], {}, nobody).environment).toEqual({ P: "3" });
  });

  test("of nobody is refused", () => {
    expect(() => bindParameters([], { LD_PRELOAD: "x" }, nobody)).toThrow(/LD_PRELOAD is not one/);
  });

  test("that is a secret stays a name of an account", () => {
    expect(bound(of("secret"), "acc_1")).toEqual({ environment: {}, arguments: [], secrets: { P: "acc_1" }, files: {} });
  });

  test("that is a file names one that is kept, never a path of the host", () => {
    expect(bound(of("file"), "fil_1")).toEqual({ environment: {}, arguments: [], secrets: {}, files: { P: "fil_1" } });
    expect(() => bound(of("file"), "/etc/shadow")).toThrow("must name a kept file");
  });

  test("given as an argument is a word of its own, in the order of the declarations", () => {
    const many = of("multi-choice", { choices: ["a b", "c"], as: "argument" });
    const last = { ...of("string", { as: "argument" }), name: "Q" };
    expect(bindParameters([many, last], { P: ["c", "a b"], Q: "-rf /" }, nobody).arguments).toEqual(["a b", "c", "-rf /"]);
  });
});

describe("a declaration", () => {
  test.each<[string, Parameter[]]>([
    ["twice of one name", [of("string"), of("integer")]],
    ["with a pattern that is none", [of("string", { pattern: "(" })]],
    ["with a pattern that looks back", [of("string", { pattern: "(a)\\1" })]],
    ["with least above greatest", [of("integer", { min: 2, max: 1 })]],
    ["with a default outside its bounds", [of("integer", { max: 1, default: 2 })]],
    ["with a default that does not match", [of("string", { pattern: "a", default: "b" })]],
    ["with a default that is no choice", [of("choice", { choices: ["a"], default: "b" })]],
    ["with a choice twice", [of("choice", { choices: ["a", "a"] })]],
  ])("%s is refused", (_, parameters) => {
    expect(() => checkParameters(parameters)).toThrow(/^The parameter P /);
  });

  test.each([
    ["a secret with a default", { type: "secret", default: "x" }, (made: object) => "default" in made],
    ["a secret as an argument", { type: "secret", as: "argument" }, (made: object) => "as" in made],
  ])("of %s loses it", (_, fields, has) => {
    expect(has(parameter.parse({ name: "P", label: "P", ...fields }))).toBe(false);
  });

  test("with a pattern that would take for ever elsewhere takes no time", () => {
    const started = performance.now();
    expect(() => bound(of("string", { pattern: "(a+)+$" }), `${"a".repeat(4_000)}b`)).toThrow();
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
