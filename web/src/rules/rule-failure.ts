// What the hub says of a rule that belongs beside one field.
import type { TFunction } from "i18next";
import { hubErrorOf } from "../api/hub-error.ts";
import { displayText } from "../ui/display-text.ts";

/** Which pattern is no regular expression; undefined: something else is wrong. */
export function brokenPattern(error: unknown, t: TFunction): string | undefined {
  const { code, facts } = hubErrorOf(error);
  const pattern = facts["pattern"];
  if (code !== "bad-input" || pattern === undefined) return undefined;
  return t("rules.brokenPattern", { pattern: displayText(String(pattern), 200) });
}
