// A real SMTP server on this machine that keeps what it gets.
import { SMTPServer } from "smtp-server";

export type ReceivedMail = { from: string; to: string[]; raw: string; user: string | null; secure: boolean };

export type MailServer = AsyncDisposable & { port: number; mails: ReceivedMail[] };

/** @param tls offers STARTTLS with a certificate that nobody signed. @param password what the user "hub" must send. */
export async function startMailServer(options: { tls?: boolean; password?: string; refuse?: boolean } = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: options.password === undefined,
    allowInsecureAuth: true,
    ...(options.tls === true ? {} : { disabledCommands: ["STARTTLS"] }),
    onAuth: ({ username, password }, _session, done) =>
      username === "hub" && password === options.password ? done(null, { user: username }) : done(new Error("wrong password")),
    onRcptTo: (_address, _session, done) => done(options.refuse === true ? new Error("mailbox unavailable") : null),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(parts).toString(),
          user: session.user ?? null,
          secure: session.secure,
        });
        done();
      });
    },
  });
  server.on("error", () => {}); // a client that breaks off is the test's business
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, "127.0.0.1", () => {
      const address = listening.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return { port, mails, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The parts of a mail as their reader sees them: transfer encodings undone, header words decoded. */
export function readMail(raw: string): { subject: string; text: string; html: string } {
  const [head = ""] = raw.split("\r\n\r\n", 1);
  const subject = (/^subject: (.*(?:\r\n[ \t].*)*)/im.exec(head)?.[1] ?? "")
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/\r\n[ \t]/g, " ");
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1] ?? "";
  const parts = raw.split(`--${boundary}`).map(readPart);
  return {
    subject: subject.replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
      encoding.toLowerCase() === "b" ? Buffer.from(text, "base64").toString() : quoted(text.replaceAll("_", " ")),
    ),
    text: parts.find(({ type }) => type === "text/plain")?.body ?? "",
    html: parts.find(({ type }) => type === "text/html")?.body ?? "",
  };
}

function readPart(part: string): { type: string; body: string } {
  const at = part.indexOf("\r\n\r\n");
  const [head, body] = [part.slice(0, at), part.slice(at + 4)];
  const type = /content-type: ([a-z/]+)/i.exec(head)?.[1] ?? "";
  const encoding = /content-transfer-encoding: ([a-z0-9-]+)/i.exec(head)?.[1] ?? "";
  return {
    type,
    body: encoding === "base64" ? Buffer.from(body, "base64").toString() : encoding === "quoted-printable" ? quoted(body) : body,
  };
}

const quoted = (text: string): string =>
  Buffer.from(
    text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString();
