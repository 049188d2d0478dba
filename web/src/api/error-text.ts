// A failure as a sentence in the reader's language; the hub's own sentence when the code is new to us.
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";
import { type HubError, hubErrorOf } from "./hub-error.ts";

export function sentenceOf({ code, message, facts }: Pick<HubError, "code" | "message" | "facts">): string {
  if (code === "bad-parameter") return parameterSentence(facts, message);
  if (code === "certificate-refused") return certificateSentence(facts, message);
  return Object.hasOwn(en.errors, code) ? lookUp(`errors.${code}`, facts) : message;
}

export function errorSentence(error: unknown): string {
  return sentenceOf(hubErrorOf(error));
}

/** Why something may not be done, for a code that comes without a message. */
export function codeSentence(code: string): string {
  return sentenceOf({ code, message: code, facts: {} });
}

function certificateSentence(facts: HubError["facts"], message: string): string {
  const why = facts["why"] ?? "";
  if (!Object.hasOwn(en.certificateProblem, why)) return message;
  return lookUp("errors.certificate-refused", { ...facts, what: lookUp(`certificateProblem.${why}`, facts) });
}

function parameterSentence(facts: HubError["facts"], message: string): string {
  const problem = facts["problem"] ?? "";
  if (!Object.hasOwn(en.parameterProblem, problem)) return message;
  return lookUp("errors.bad-parameter", { ...facts, what: lookUp(`parameterProblem.${problem}`, facts) });
}

/** Of a question to the hub: how it went. */
export type Asked = { isError: boolean; error: unknown };

/** For a field that offers what the hub finds: why it offers nothing, when that could not be asked. */
export const failureOf = ({ isError, error }: Asked): string | undefined => (isError ? errorSentence(error) : undefined);
