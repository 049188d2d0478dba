// A person who is signed in to the console, without its pages: what is done by hand there is done here by its procedures, and a browser takes over
// the cookie. Sign-ins of one address are counted, so one is enough for every window that the person opens.
import type { BrowserContext } from "playwright-core";
import type { MailBox } from "./mail-box.ts";
import type { RestClient } from "./rest-client.ts";

export type Person = { name: string; email: string; password: string };

export class ConsoleSession {
  readonly url: string;
  readonly #cookies: readonly (readonly [name: string, value: string])[];

  private constructor(url: string, cookies: readonly (readonly [string, string])[]) {
    this.url = url;
    this.#cookies = cookies;
  }

  static signIn(url: string, { email, password }: Person): Promise<ConsoleSession> {
    return ConsoleSession.#by(url, "auth.signIn", { email, password });
  }

  /** Invited by whoever the client is, in with the link of the mail. */
  static async join(
    rest: RestClient,
    mail: MailBox,
    person: Person,
    role: string,
  ): Promise<{ id: string; session: ConsoleSession }> {
    const { name, email, password } = person;
    const { id } = await rest.json<{ id: string }>("POST", "/people", { email, name, role });
    const token = (await mail.linkTo(email)).searchParams.get("token") ?? "";
    return { id, session: await ConsoleSession.#by(rest.url, "auth.acceptInvite", { token, name, password }) };
  }

  static async #by(url: string, procedure: string, input: object): Promise<ConsoleSession> {
    const response = await new ConsoleSession(url, []).#post(procedure, input);
    await resultOf(procedure, response);
    const cookies = response.headers.getSetCookie().map((one) => {
      const [pair = ""] = one.split(";");
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    });
    return new ConsoleSession(url, cookies);
  }

  /** The answer's shape is the procedure's own; a caller states which one it expects. @throws Error with what the hub said. */
  async mutate<T = unknown>(procedure: string, input: object): Promise<T> {
    return resultOf<T>(procedure, await this.#post(procedure, input));
  }

  /** Pages that this context opens are this person's. */
  enter(context: BrowserContext): Promise<void> {
    return context.addCookies(this.#cookies.map(([name, value]) => ({ name, value, url: this.url, httpOnly: true })));
  }

  #post(procedure: string, input: object): Promise<Response> {
    return fetch(`${this.url}/trpc/${procedure}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: this.url,
        cookie: this.#cookies.map((pair) => pair.join("=")).join("; "),
      },
      body: JSON.stringify(input),
    });
  }
}

async function resultOf<T>(procedure: string, response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${procedure} answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { result: { data: T } }).result.data;
}
