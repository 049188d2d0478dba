// What callers may send about scripts, and what a parameter is.
import { interpreterName, scriptArgumentsMax, scriptBytesMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { byId, displayName, page } from "../platform/input.ts";

export const visibilities = ["private", "organisation"] as const;
export type Visibility = (typeof visibilities)[number];

const bytes = (text: string) => new TextEncoder().encode(text).length;
/** execve(2) ends strings at NUL, so neither a script nor what it is given can carry one. */
export const processText = z.string().refine((text) => !text.includes("\0"), "must not contain a NUL character");

export const scriptBody = processText
  .min(1)
  .refine((text) => bytes(text) <= scriptBytesMax, `must be at most ${scriptBytesMax} bytes`);

/** A program's name, never a path: the host's search path decides which one. */
export const program = z
  .string()
  .regex(interpreterName, "must be a program's name: a letter, then letters, digits, dot, plus, hyphen, underscore");

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a variable name: letters, digits, underscore");

const text = processText.max(4_096);
const choice = processText
  .min(1)
  .max(200)
  .regex(/^[^\r\n]*$/, "must be one line");
const choices = z.array(choice).min(1).max(100);
const date = z.iso.date();

const common = {
  name: variableName,
  label: displayName,
  help: z.string().trim().max(500).default(""),
  required: z.boolean().default(false),
};
/** How the script gets it: a variable of its environment, or the next word after the script. */
const as = z.enum(["environment", "argument"]).default("environment");

export const parameterTypes = [
  "string",
  "integer",
  "number",
  "boolean",
  "choice",
  "multi-choice",
  "date",
  "secret",
  "asset",
  "file",
] as const;

/**
 * `default` has the type's own form; a secret has none, since it would be read by everybody who may read the script, and is never an argument, since
 * every account of a host can list those. Of a file the variable holds the path: it lies on the host as long as the script's output does.
 */
export const parameter = z.discriminatedUnion("type", [
  z.object({ ...common, as, type: z.literal("string"), default: text.optional(), pattern: z.string().max(500).optional() }),
  z.object({
    ...common,
    as,
    type: z.literal("integer"),
    default: z.number().int().optional(),
    min: z.number().int().optional(),
    max: z.number().int().optional(),
  }),
  z.object({
    ...common,
    as,
    type: z.literal("number"),
    default: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  z.object({ ...common, as, type: z.literal("boolean"), default: z.boolean().optional() }),
  z.object({ ...common, as, type: z.literal("choice"), choices, default: choice.optional() }),
  z.object({ ...common, as, type: z.literal("multi-choice"), choices, default: z.array(choice).max(100).optional() }),
  z.object({ ...common, as, type: z.literal("date"), default: date.optional(), min: date.optional(), max: date.optional() }),
  z.object({ ...common, type: z.literal("secret") }),
  z.object({ ...common, as, type: z.literal("asset") }),
  z.object({ ...common, type: z.literal("file") }),
]);
export type Parameter = z.infer<typeof parameter>;
export type ParameterType = Parameter["type"];

/** What somebody fills in: a secret by an account's id, an asset and a kept file by theirs, several choices as a list. */
export const parameterValue = z.union([text, z.number(), z.boolean(), z.array(choice).max(100)]);
export type ParameterValue = z.infer<typeof parameterValue>;
export const parameterValues = z
  .record(variableName, parameterValue)
  .refine((values) => Object.keys(values).length <= scriptArgumentsMax, `at most ${scriptArgumentsMax} parameters`);
export type ParameterValues = z.infer<typeof parameterValues>;

const version = {
  interpreter: program,
  body: scriptBody,
  parameters: z.array(parameter).max(64).default([]),
  note: z.string().trim().max(500).default(""),
};

export const createScript = z.object({
  name: displayName,
  description: z.string().trim().max(2_000).default(""),
  visibility: z.enum(visibilities).default("private"),
  ...version,
});
export type CreateScript = z.infer<typeof createScript>;

/** What is left out stays. */
export const changeScript = byId.extend({
  name: displayName.optional(),
  description: z.string().trim().max(2_000).optional(),
  visibility: z.enum(visibilities).optional(),
});
export type ChangeScript = z.infer<typeof changeScript>;

/** `after`: the newest version that the writer saw; another since then is a conflict, not an overwrite. */
export const addVersion = byId.extend({ ...version, after: z.number().int().min(1) });
export type AddVersion = z.infer<typeof addVersion>;

export const duplicateScript = byId.extend({ name: displayName });
export const scriptVersion = byId.extend({ number: z.coerce.number().int().min(1) });
export const listScripts = page.extend({
  archived: z.stringbool().or(z.boolean()).default(false),
  interpreter: program.optional(),
  mine: z.stringbool().or(z.boolean()).default(false),
});
export type ListScripts = z.infer<typeof listScripts>;

export const addInterpreter = z.object({ program, label: displayName });
