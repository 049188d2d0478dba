// From what a script declares and what somebody filled in to what the script is given. Pure. Values are passed, never written into the script.
import { scriptArgumentBytesMax } from "@sallyport/protocol/limits";
import { RE2JS } from "re2js";
import { HubError } from "../platform/errors.ts";
import type { Parameter, ParameterValue, ParameterValues } from "./input.ts";

/**
 * By the variable's name, `secrets`: the account of the vault whose secret it gets, looked up and delivered sealed by whoever starts the run; `files`: the
 * kept file whose path it gets.
 */
export type Bound = {
  environment: Record<string, string>;
  arguments: string[];
  secrets: Record<string, string>;
  files: Record<string, string>;
};

/** What can be wrong with a parameter; the console has a sentence for each. */
type Problem =
  | "doubled"
  | "bounds"
  | "choice-doubled"
  | "unknown"
  | "needed"
  | "no-such-asset"
  | "not-text"
  | "pattern"
  | "not-number"
  | "not-whole"
  | "at-least"
  | "at-most"
  | "not-boolean"
  | "not-a-choice"
  | "not-choices"
  | "not-date"
  | "not-before"
  | "not-after"
  | "not-account"
  | "not-asset"
  | "not-file"
  | "bad-pattern"
  | "together";

const wrong = (name: string, problem: Problem, what: string, limit: string | number = "") =>
  new HubError("bad-parameter", `The parameter ${name} ${what}.`, { facts: { parameter: name, what, problem, limit } });

/** @throws HubError `bad-parameter` for definitions that nothing could fill in: doubled names, a default outside its own bounds. */
export function checkParameters(parameters: Parameter[]): void {
  const seen = new Set<string>();
  for (const parameter of parameters) {
    if (seen.has(parameter.name)) throw wrong(parameter.name, "doubled", "is there twice");
    seen.add(parameter.name);
    if (parameter.type === "string" && parameter.pattern !== undefined) compile(parameter.name, parameter.pattern);
    if ("min" in parameter && parameter.min !== undefined && parameter.max !== undefined && parameter.min > parameter.max)
      throw wrong(parameter.name, "bounds", "has a least value above its greatest");
    if ("choices" in parameter && new Set(parameter.choices).size < parameter.choices.length)
      throw wrong(parameter.name, "choice-doubled", "has a choice twice");
    const fallback = defaultOf(parameter);
    if (fallback !== undefined) textsOf(parameter, fallback);
  }
}

/** The assets that values name, for looking them up before binding. */
export const assetsNamed = (parameters: Parameter[], values: ParameterValues): string[] =>
  parameters.flatMap(({ type, name }) => {
    const value = values[name];
    return type === "asset" && typeof value === "string" && value !== "" ? [value] : [];
  });

/** The kept files that values name, by the parameter's name. */
export const filesNamed = (parameters: Parameter[], values: ParameterValues): Record<string, string> =>
  Object.fromEntries(
    parameters.flatMap(({ type, name }) => {
      const value = values[name];
      return type === "file" && typeof value === "string" && value !== "" ? [[name, value] as const] : [];
    }),
  );

/**
 * @param addressOf what a script is told of an asset: its address, or its name where it has none; undefined for one the person may not see.
 * @throws HubError `bad-parameter` for a value that is missing, unknown or not as declared; it names the parameter and never repeats the value.
 */
export function bindParameters(
  parameters: Parameter[],
  values: ParameterValues,
  addressOf: (assetId: string) => string | undefined,
): Bound {
  const bound: Bound = { environment: {}, arguments: [], secrets: {}, files: {} };
  const known = new Set(parameters.map(({ name }) => name));
  for (const name of Object.keys(values)) if (!known.has(name)) throw wrong(name, "unknown", "is not one of this script's");
  for (const parameter of parameters) {
    const { name } = parameter;
    const value = values[name] ?? defaultOf(parameter);
    if (value === undefined || value === "") {
      if (parameter.required) throw wrong(name, "needed", "is needed");
      continue;
    }
    const texts = textsOf(parameter, value);
    if (parameter.type === "secret") {
      bound.secrets[name] = texts.join();
      continue;
    }
    if (parameter.type === "file") {
      bound.files[name] = texts.join();
      continue;
    }
    const given = parameter.type === "asset" ? texts.map((id) => addressOf(id) ?? missing(name)) : texts;
    if (parameter.as === "argument") bound.arguments.push(...given);
    else bound.environment[name] = given.join("\n");
  }
  const size = Buffer.byteLength(JSON.stringify([bound.environment, bound.arguments]));
  if (size > scriptArgumentBytesMax)
    throw new HubError("bad-parameter", `The parameters together must be at most ${scriptArgumentBytesMax} bytes.`, {
      facts: {
        parameter: "",
        problem: "together",
        limit: scriptArgumentBytesMax,
        what: `together must be at most ${scriptArgumentBytesMax} bytes`,
      },
    });
  return bound;
}

const missing = (name: string): never => {
  throw wrong(name, "no-such-asset", "names no asset that you can see");
};

const defaultOf = (parameter: Parameter): ParameterValue | undefined => ("default" in parameter ? parameter.default : undefined);

/** The value as the script reads it; several only of a multi-choice. @throws HubError `bad-parameter`. */
function textsOf(parameter: Parameter, value: ParameterValue): string[] {
  const { name } = parameter;
  switch (parameter.type) {
    case "string": {
      if (typeof value !== "string") throw wrong(name, "not-text", "must be a text");
      if (parameter.pattern !== undefined && !compile(name, parameter.pattern).matcher(value).matches())
        throw wrong(name, "pattern", "does not match its pattern");
      return [value];
    }
    case "integer":
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number)) throw wrong(name, "not-number", "must be a number");
      if (parameter.type === "integer" && !Number.isSafeInteger(number)) throw wrong(name, "not-whole", "must be a whole number");
      if (parameter.min !== undefined && number < parameter.min)
        throw wrong(name, "at-least", `must be at least ${parameter.min}`, parameter.min);
      if (parameter.max !== undefined && number > parameter.max)
        throw wrong(name, "at-most", `must be at most ${parameter.max}`, parameter.max);
      return [String(number)];
    }
    case "boolean": {
      if (value !== true && value !== false && value !== "true" && value !== "false")
        throw wrong(name, "not-boolean", "must be true or false");
      return [String(value)];
    }
    case "choice": {
      if (typeof value !== "string" || !parameter.choices.includes(value))
        throw wrong(name, "not-a-choice", "must be one of its choices");
      return [value];
    }
    case "multi-choice": {
      const chosen = Array.isArray(value) ? value : [value];
      const all = chosen.filter((one) => typeof one === "string");
      if (all.length < chosen.length || all.some((one) => !parameter.choices.includes(one)))
        throw wrong(name, "not-choices", "must be some of its choices");
      return parameter.choices.filter((one) => all.includes(one));
    }
    case "date": {
      if (typeof value !== "string" || !isDate(value)) throw wrong(name, "not-date", "must be a date like 2026-11-21");
      if (parameter.min !== undefined && value < parameter.min)
        throw wrong(name, "not-before", `must not be before ${parameter.min}`, parameter.min);
      if (parameter.max !== undefined && value > parameter.max)
        throw wrong(name, "not-after", `must not be after ${parameter.max}`, parameter.max);
      return [value];
    }
    case "secret": {
      if (typeof value !== "string" || !value.startsWith("acc_"))
        throw wrong(name, "not-account", "must name an account of the vault");
      return [value];
    }
    case "asset": {
      if (typeof value !== "string" || !value.startsWith("ast_")) throw wrong(name, "not-asset", "must name an asset");
      return [value];
    }
    case "file": {
      if (typeof value !== "string" || !value.startsWith("fil_")) throw wrong(name, "not-file", "must name a kept file");
      return [value];
    }
  }
}

/** Patterns are written by people and tried on what others write: RE2 takes time by the length of the text alone. */
function compile(name: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw wrong(name, "bad-pattern", "has a pattern that is no regular expression (RE2 syntax, without back-references)");
  }
}

function isDate(text: string): boolean {
  const moment = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}
