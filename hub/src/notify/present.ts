// Notices, channels and deliveries as the console and programs see them. No address and no secret leaves here.

import { messageOfRow } from "./deliver.ts";
import type { DeliveryLine } from "./deliveries.ts";
import type { InboxRow } from "./inbox.ts";
import type { Language } from "./input.ts";
import type { ChannelRow } from "./schema.ts";

/** `path`: of the page in the console that it is about. */
export function presentNotice({ notice, readAt }: InboxRow, language: Language) {
  const { severity, title, summary, facts, table, link } = messageOfRow(notice, language, "");
  return {
    id: notice.id,
    kind: notice.kind,
    at: notice.at.toISOString(),
    readAt: readAt?.toISOString() ?? null,
    severity,
    title,
    summary,
    facts,
    table,
    path: link?.url ?? "/",
  };
}

export const presentChannel = (row: ChannelRow) => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  active: row.active,
  language: row.language,
  kinds: row.kinds,
  allowsInside: row.allowsInside,
  host: row.host,
  hasSecret: row.hasSigningSecret,
  switchedOff: row.switchedOff,
  createdAt: row.createdAt.toISOString(),
});

export const presentDelivery = ({ delivery, kind, channel, person }: DeliveryLine) => ({
  id: delivery.id,
  kind,
  to: channel === null ? ("mail" as const) : ("channel" as const),
  name: channel ?? person ?? "",
  state: delivery.state,
  attempts: delivery.attempts,
  together: delivery.together,
  answer: delivery.answer,
  createdAt: delivery.createdAt.toISOString(),
  triedAt: delivery.triedAt?.toISOString() ?? null,
});
