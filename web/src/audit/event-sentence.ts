// An audit event as a sentence. A kind this console does not know yet is shown by its name.
import type { TFunction } from "i18next";
import type { AuditEvent } from "../api/types.ts";
import { outcomeText } from "../assets/outcome-text.ts";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/i18n.ts";
import { displayText } from "../ui/display-text.ts";

export function eventSentence({ kind, actor, subject, data }: AuditEvent, t: TFunction): string {
  const facts = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, factText(kind, name, value)]));
  const variables = {
    ...facts,
    actor: actor === null ? t("audit.theHub") : displayText(actor.name),
    subject: subject === null ? "" : displayText(subject.name),
    kind,
  };
  return lookUp(`auditSentence.${Object.hasOwn(en.auditSentence, kind) ? kind : "other"}`, variables);
}

/** Codes that the console has words for, such as why a session ended, are shown in words. */
function factText(kind: string, name: string, value: AuditEvent["data"][string]): string {
  const text = String(value);
  if (name === "reason" && Object.hasOwn(en.endReason, text)) return lookUp(`endReason.${text}`, {});
  if (name === "reason" && Object.hasOwn(en.providerRefusal, text)) return lookUp(`providerRefusal.${text}`, {});
  if (name === "code" && Object.hasOwn(en.errors, text)) return lookUp(`errors.${text}`, {});
  if (name === "code" && Object.hasOwn(en.reachOutcome, text)) return outcomeText(text);
  if ((name === "role" || kind === "person.role-changed") && Object.hasOwn(en.role, text)) return lookUp(`role.${text}`, {});
  if (name === "via" && Object.hasOwn(en.decisionWay, text)) return lookUp(`decisionWay.${text}`, {});
  return displayText(text, 120);
}
