// Why somebody whom another system was to recognise is not let in: one error, its reason in the facts.
import { HubError } from "../platform/errors.ts";
import type { Refusal } from "./input.ts";

const sentences: Record<Refusal, string> = {
  state: "This sign-in has taken too long, was begun in another browser, or has come here before. Begin again.",
  declined: "The provider did not sign you in.",
  unreachable: "The provider did not answer as it should. Try again, or tell an administrator.",
  proof: "What the provider sent does not prove who you are. Tell an administrator.",
  "no-email": "The provider did not say your e-mail address. Tell an administrator.",
  "email-unverified": "The provider has not verified your e-mail address. Verify it there, then try again.",
  "email-domain": "People with e-mail addresses of this domain may not sign in this way.",
  "unknown-person": "Nobody here has your e-mail address. Ask an administrator for an invitation.",
  "not-allowed": "Your account here may not sign in. Ask an administrator.",
  credentials: "User name or password is wrong.",
};

export const refused = (reason: Refusal, cause?: unknown): HubError =>
  new HubError("provider-refused", sentences[reason], { facts: { reason }, cause });

export const reasonOf = (error: unknown): string | null =>
  error instanceof HubError && error.code === "provider-refused" ? String(error.facts["reason"]) : null;
