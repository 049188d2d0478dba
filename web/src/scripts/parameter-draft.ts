// A parameter while somebody writes it: every field as its text, so that half a number is not lost.
import type { Parameter, ParameterType } from "@sallyport/hub/scripts/input";

export interface ParameterDraft {
  /** Keeps the row's identity while others come, go and change places. */
  key: number;
  name: string;
  label: string;
  help: string;
  type: ParameterType;
  required: boolean;
  as: "environment" | "argument";
  default: string;
  defaults: readonly string[];
  pattern: string;
  min: string;
  max: string;
  choices: readonly string[];
}

let lastKey = 0;

export function newParameter(): ParameterDraft {
  lastKey += 1;
  return {
    key: lastKey,
    name: "",
    label: "",
    help: "",
    type: "string",
    required: false,
    as: "environment",
    default: "",
    defaults: [],
    pattern: "",
    min: "",
    max: "",
    choices: [],
  };
}

const textOf = (value: string | number | boolean | undefined): string => (value === undefined ? "" : String(value));

export function draftOf(parameter: Parameter): ParameterDraft {
  const { name, label, help, type, required } = parameter;
  const draft = { ...newParameter(), name, label, help, type, required };
  if ("as" in parameter) draft.as = parameter.as;
  if ("choices" in parameter) draft.choices = parameter.choices;
  if ("pattern" in parameter) draft.pattern = parameter.pattern ?? "";
  if ("min" in parameter || "max" in parameter) {
    draft.min = textOf(parameter.min);
    draft.max = textOf(parameter.max);
  }
  if ("default" in parameter) {
    if (Array.isArray(parameter.default)) draft.defaults = parameter.default;
    else draft.default = textOf(parameter.default);
  }
  return draft;
}

/** What is sent; the hub's own schema says whether it is right. */
export function parameterOf(draft: ParameterDraft) {
  const { name, help, type, required, as } = draft;
  const common = { name, label: draft.label.trim() || name, help, required, type };
  const text = (value: string) => (value === "" ? undefined : value);
  // What is no number stays a text, which the schema refuses at its field.
  const number = (value: string) => (value === "" || Number.isNaN(Number(value)) ? text(value) : Number(value));
  switch (type) {
    case "secret":
    case "file":
      return common;
    case "asset":
      return { ...common, as };
    case "string":
      return { ...common, as, ...given({ default: text(draft.default), pattern: text(draft.pattern) }) };
    case "integer":
    case "number":
      return { ...common, as, ...given({ default: number(draft.default), min: number(draft.min), max: number(draft.max) }) };
    case "boolean":
      return { ...common, as, ...given({ default: draft.default === "" ? undefined : draft.default === "true" }) };
    case "choice":
      return { ...common, as, choices: [...draft.choices], ...given({ default: text(draft.default) }) };
    case "multi-choice":
      return {
        ...common,
        as,
        choices: [...draft.choices],
        ...(draft.defaults.length === 0 ? {} : { default: [...draft.defaults] }),
      };
    case "date":
      return { ...common, as, ...given({ default: text(draft.default), min: text(draft.min), max: text(draft.max) }) };
  }
}

const given = (fields: Record<string, string | number | boolean | undefined>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
