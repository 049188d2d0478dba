// Notify: messages to people outside of the console; today mail over SMTP. Decides neither who gets one nor whether: callers do.
import nodemailer from "nodemailer";
import type { Config } from "../platform/config.ts";
import type { Mail } from "./mails.ts";

export type Mailer = {
  /** Resolves once the mail server has taken it. @throws Error with the server's or the network's own words. */
  send(to: { name: string; address: string }, mail: Mail): Promise<void>;
  close(): void;
};

/** A mail server that says nothing for this long says nothing any more; an administrator waits for it. */
const patienceMs = 10_000;

/** @param smtp as in the configuration: smtp:// upgrades to TLS when the server offers it, and must when there is a password to tell. */
export function createMailer(smtp: NonNullable<Config["smtp"]>): Mailer {
  const transport = nodemailer.createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure,
    requireTLS: smtp.password !== undefined && !smtp.onThisMachine,
    ...(smtp.user === undefined ? {} : { auth: { user: smtp.user, pass: smtp.password ?? "" } }),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    // A mail is words we wrote: nothing in it may name a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (to, mail) => {
      await transport.sendMail({ from: smtp.from, to, subject: mail.subject, text: mail.text, html: mail.html });
    },
    close: () => transport.close(),
  };
}
