// A link that sets a password or invites a guest, on its way: by mail where there is a mail server, else shown to the administrator who asked.
import { findOrganisation, findUser } from "../identity/people.ts";
import type { Invitation } from "../identity/people-csv.ts";
import type { Language } from "../notify/input.ts";
import { type LinkMail, renderLinkMail } from "../notify/mails.ts";
import { errorFields } from "../platform/log.ts";
import { baseUrl } from "./links.ts";
import type { Context } from "./trpc.ts";

export type SentLink = { link: string | null; mailedTo: string | null; mailFailed: boolean; expiresAt: string };
type Signed = Context & { actor: { name: string; orgId: string } };
type Reader = { name: string; email: string; language: Language | null };

/**
 * Mails the link to its person. Without a mail server, or when it does not take the mail, the link itself is in the answer,
 * for the administrator to pass on.
 */
export async function sendOrShow(
  ctx: Signed,
  userId: string,
  kind: LinkMail["kind"],
  { token, expiresAt }: { token: string; expiresAt: Date },
): Promise<SentLink> {
  const user = await findUser(ctx.hub.identity.db, userId);
  return deliver(ctx, user, { kind, by: ctx.actor.name, link: `${baseUrl(ctx)}/invite?token=${token}`, expiresAt });
}

/** As sendOrShow, to an address of which nothing is known: what happens is the same whoever has it. */
export async function sendGuestLink(
  ctx: Signed,
  { email, language }: { email: string; language: Language },
  { token, expiresAt }: { token: string; expiresAt: Date },
): Promise<SentLink> {
  const organisation = await findOrganisation(ctx.hub.identity.db, ctx.actor.orgId);
  const by = `${ctx.actor.name} (${organisation?.name ?? ""})`;
  return deliver(
    ctx,
    { name: email, email, language },
    { kind: "guest", by, link: `${baseUrl(ctx)}/guest?token=${token}`, expiresAt },
  );
}

/** Many at once, which nobody waits for: as many mails as the outbox takes; the links of the others are in the answer. */
export function queueInvitations(ctx: Signed, invitations: readonly Invitation[]) {
  const { mailer, outbox } = ctx.hub;
  return invitations.map(({ name, email, language, token, expiresAt }) => {
    const mail = mailOf(
      { name },
      { kind: "invite", by: ctx.actor.name, link: `${baseUrl(ctx)}/invite?token=${token}`, expiresAt },
    );
    const mailed =
      mailer !== null && outbox.add(() => mailer.send({ name, address: email }, renderLinkMail(mail, language ?? "en")));
    return { name, email, mailed, link: mailed ? null : mail.link };
  });
}

type Link = Pick<LinkMail, "kind" | "by" | "link" | "expiresAt">;
const mailOf = ({ name }: { name: string }, link: Link): LinkMail => ({ ...link, name, hub: new URL(link.link).host });

async function deliver(ctx: Signed, reader: Reader | null, link: Link): Promise<SentLink> {
  const shown = { link: link.link, mailedTo: null, mailFailed: false, expiresAt: link.expiresAt.toISOString() };
  const { mailer, sessions } = ctx.hub;
  if (mailer === null || reader === null) return shown;
  const { name, email } = reader;
  try {
    await mailer.send({ name, address: email }, renderLinkMail(mailOf(reader, link), reader.language ?? "en"));
    return { ...shown, link: null, mailedTo: email };
  } catch (error) {
    sessions.log.error(errorFields(error), "mail not sent");
    return { ...shown, mailFailed: true };
  }
}
