// A form checked by the same schema as the hub's: values, the sentence beside each wrong field, and submitting.
"use client";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

export interface Form<V> {
  values: V;
  set: <K extends keyof V>(field: K, value: V[K]) => void;
  /** What is wrong with a field, once submitting was tried. */
  error: (field: keyof V & string) => string | undefined;
  /** Calls `send` with the parsed values when they are right. */
  submit: (event: { preventDefault: () => void }) => void;
}

export function useForm<V extends object, Parsed>(
  schema: z.ZodType<Parsed>,
  initial: V,
  send: (parsed: Parsed) => void,
): Form<V> {
  const { t } = useTranslation();
  const [values, setValues] = useState(initial);
  const [tried, setTried] = useState(false);
  const checked = schema.safeParse(values);
  const issues = checked.success ? [] : checked.error.issues;
  return {
    values,
    set: (field, value) => setValues((before) => ({ ...before, [field]: value })),
    error: (field) => {
      const issue = tried ? issues.find(({ path }) => path[0] === field) : undefined;
      return issue === undefined ? undefined : issueSentence(issue, t);
    },
    submit: (event) => {
      event.preventDefault();
      setTried(true);
      if (checked.success) send(checked.data);
    },
  };
}

function issueSentence(issue: Issue, t: TFunction): string {
  if (issue.code === "too_small") {
    const minimum = Number(issue.minimum);
    return minimum <= 1 ? t("field.required") : t("field.tooShort", { minimum });
  }
  if (issue.code === "too_big") return t("field.tooLong", { maximum: Number(issue.maximum) });
  if (issue.code === "invalid_format" && issue.format === "email") return t("field.emailWrong");
  return t("field.wrong");
}
