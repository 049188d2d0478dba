// A link that sets a password, on its way: by mail where there is a mail server, else shown to the administrator who asked.
import { findUser } from "../identity/people.ts";
import { type LinkMail, renderLinkMail } from "../notify/mails.ts";
import { errorFields } from "../platform/log.ts";
import { baseUrl } from "./links.ts";
import type { Context } from "./trpc.ts";

export type SentLink = { link: string | null; mailedTo: string | null; mailFailed: boolean; expiresAt: string };

/**
 * Mails the link to its person. Without a mail server, or when it does not take the mail, the link itself is in the answer,
 * for the administrator to pass on.
 */
export async function sendOrShow(
  ctx: Context & { actor: { name: string } },
  userId: string,
  kind: LinkMail["kind"],
  { token, expiresAt }: { token: string; expiresAt: Date },
): Promise<SentLink> {
  const link = `${baseUrl(ctx)}/invite?token=${token}`;
  const shown = { link, mailedTo: null, mailFailed: false, expiresAt: expiresAt.toISOString() };
  const { mailer, identity, sessions } = ctx.hub;
  const user = await findUser(identity.db, userId);
  if (mailer === null || user === null) return shown;
  const mail = { kind, name: user.name, by: ctx.actor.name, link, expiresAt, hub: new URL(link).host };
  try {
    await mailer.send({ name: user.name, address: user.email }, renderLinkMail(mail, user.language ?? "en"));
    return { ...shown, link: null, mailedTo: user.email };
  } catch (error) {
    sessions.log.error(errorFields(error), "mail not sent");
    return { ...shown, mailFailed: true };
  }
}
