// How an attempt to reach an asset ended, in words, and what to do next.
import type { Outputs } from "../api/types.ts";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";

/** Every code of this hub has its sentence. */
const sentences: Record<Outputs["custody"]["test"]["code"], string> = en.reachOutcome;

/** A code of a newer hub is shown as it is. */
export const outcomeText = (code: string): string => (Object.hasOwn(sentences, code) ? lookUp(`reachOutcome.${code}`, {}) : code);

/** Null where nothing is to be done. */
export const outcomeNext = (code: string): string | null =>
  Object.hasOwn(en.reachNext, code) ? lookUp(`reachNext.${code}`, {}) : null;
