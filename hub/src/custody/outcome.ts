// How an attempt to reach an asset or to sign in there ended, as one word that the console has a sentence for. Pure.
import { HubError } from "../platform/errors.ts";

/** `works`, or the first thing that stood in the way. Agents' words are in the protocol's SPEC §4. */
export const outcomeCodes = [
  "works",
  // On the way to an agent
  "agent-offline",
  "agent-too-old",
  "agent-lost",
  // From the agent to the asset
  "name-unknown",
  "connection-refused",
  "timeout",
  "unreachable",
  "closed",
  "address-not-allowed",
  // The asset itself
  "not-ssh",
  "no-common-algorithms",
  "host-key-refused",
  "host-key-waits",
  // The account
  "authentication-failed",
  "command-refused",
  "no-secret",
  "no-protocol",
  "no-account",
  "su-refused",
  "asset-off",
  // What was to be done there
  "no-privileged-account",
  "no-rights-there",
  "name-not-usable",
  "secret-not-usable",
  "no-user-there",
  "not-linux",
  "user-not-made",
  "password-not-set",
  "key-not-written",
  "home-missing",
  "not-changed",
  "neither-works",
  "gone",
  "failed",
] as const;
export type OutcomeCode = (typeof outcomeCodes)[number];

const isOutcome = (text: string): text is OutcomeCode => outcomeCodes.some((code) => code === text);

/** An address that no agent dials without being told to (the agent's dial-target.ts). */
const notAllowed: ReadonlySet<string> = new Set([
  "bad-address",
  "own-host",
  "link-local",
  "metadata",
  "not-unicast",
  "embedded-address",
  "hub",
]);

/** A dial's words for what SSH orders call otherwise. */
const dialWords: Record<string, OutcomeCode> = {
  "name-not-found": "name-unknown",
  refused: "connection-refused",
  "timed-out": "timeout",
  "no-answer": "timeout",
  failed: "unreachable",
  "connection-lost": "closed",
  "too-old": "agent-too-old",
  "no-sealing-key": "agent-too-old",
};

/** A word of an agent, which is believed only when it is one of ours. */
export function outcomeOf(reason: string): OutcomeCode {
  if (notAllowed.has(reason)) return "address-not-allowed";
  if (Object.hasOwn(dialWords, reason)) return dialWords[reason] ?? "failed";
  return isOutcome(reason) && reason !== "works" ? reason : "failed";
}

/** @throws the error itself when it is none of reaching or signing in. */
export function outcomeOfError(error: unknown): OutcomeCode {
  if (!(error instanceof HubError)) throw error;
  const { code, facts } = error;
  if (code === "sign-in-failed") return "authentication-failed";
  if (code === "host-key-refused") return facts["pinned"] === "" ? "host-key-waits" : "host-key-refused";
  if (code === "agent-refused" || code === "not-reached") return outcomeOf(String(facts["reason"] ?? ""));
  if (code === "bad-key") return "secret-not-usable";
  if (isOutcome(code)) return code;
  throw error;
}

/** Another agent of the zone may have more luck: what stood in the way lies between agent and asset. */
const ofTheWay: ReadonlySet<OutcomeCode> = new Set([
  "agent-offline",
  "agent-lost",
  "agent-too-old",
  "name-unknown",
  "connection-refused",
  "timeout",
  "unreachable",
  "closed",
  "address-not-allowed",
]);
export const mayDifferElsewhere = (code: OutcomeCode): boolean => ofTheWay.has(code);

/** Nothing is known of the secret: the asset was not asked about it. */
export const saysNothingOfSecret = (code: OutcomeCode): boolean => code !== "works" && code !== "authentication-failed";
