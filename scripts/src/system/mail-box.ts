// A real SMTP server on this machine that keeps what it gets.
import { SMTPServer } from "smtp-server";
import { until } from "./until.ts";

export type MailBox = AsyncDisposable & {
  /** smtp://… for the hub. */
  url: string;
  /** The first link in the newest mail to this address; waits for it. */
  linkTo(address: string): Promise<URL>;
};

export async function openMailBox(): Promise<MailBox> {
  const mails: { to: string[]; text: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData: (stream, { envelope }, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() });
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, "127.0.0.1", () => {
      const address = listening.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    linkTo: (address) =>
      until(`a mail to ${address}`, () => {
        const text = mails.findLast(({ to }) => to.includes(address))?.text;
        // Quoted-printable (RFC 2045 §6.7): soft line breaks, and = as =3D.
        const link = /https?:\/\/[^\s"<>]+/.exec((text ?? "").replaceAll("=\r\n", "").replaceAll("=3D", "="))?.[0];
        return link === undefined ? null : new URL(link);
      }),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
