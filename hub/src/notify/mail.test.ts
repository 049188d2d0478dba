// Mails, through a real SMTP server: invitations and resets arrive, in the reader's language, and a hub's mail server learns no more than it must.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../platform/config.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import { type MailServer, readMail, startMailServer } from "../testing/mail-server.ts";
import { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Sent = { id: string; link: string | null; mailedTo: string | null; mailFailed: boolean };
const publicUrl = "https://hub.example.org";
const smtpOf = (url: string, password?: string) =>
  readConfig(["--smtp-url", url, "--public-url", publicUrl], password === undefined ? {} : { SALLYPORT_SMTP_PASSWORD: password })
    .smtp;
const password = "a-password-of-some-length";

describe("with a mail server", () => {
  const clock = new TestClock();
  let server: MailServer;
  let hub: TestHub;
  let admin: TestClient;
  beforeAll(async () => {
    server = await startMailServer();
    hub = await TestHub.start({ publicUrl, smtp: smtpOf(`smtp://127.0.0.1:${server.port}`) }, { clock });
    // The hub's own address is another than the public one: the test asks where it listens.
    const { ports } = hub.hub;
    admin = await TestClient.signIn(`http://localhost:${ports.console}`, {
      email: "admin@example.org",
      password: "correct-horse-battery",
    });
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const mailTo = async (email: string, nth = 0) => {
    const [mail] = await eventually(
      () => server.mails.filter(({ to }) => to.includes(email)).slice(nth),
      (mails) => mails.length > 0,
      { what: "a mail" },
    );
    return readMail(mail?.raw ?? "");
  };
  const tokenIn = (text: string) => /https:\/\/hub\.example\.org\/invite\?token=([\w-]+)/.exec(text)?.[1] ?? "";
  const invite = (fields: object = {}) => {
    const email = `${newId("p")}@example.org`;
    return admin
      .mutate<Sent>("people.invite", { email, name: "Ada", role: "user", ...fields })
      .then((sent) => ({ email, ...sent }));
  };
  const stranger = () => new TestClient(admin.url);
  const accept = (token: string) => stranger().refusal(stranger().mutate("auth.acceptInvite", { token, name: "Ada", password }));

  test("an invitation arrives with a link that works once, and is not shown to the administrator", async () => {
    const { email, link, mailedTo } = await invite();
    expect({ link, mailedTo }).toEqual({ link: null, mailedTo: email });
    const { subject, text, html } = await mailTo(email);
    expect(subject).toBe("You are invited to hub.example.org");
    expect(text).toContain("Hello Ada,");
    const token = tokenIn(text);
    expect(tokenIn(html)).toBe(token);
    expect(await accept(token)).toBeNull();
    expect(await accept(token)).toBe("bad-token");
  });

  test("a mail is in the reader's language, and what people typed stays text in it", async () => {
    const name = `<img src=x onerror="alert(1)"> & 'co'`;
    const { email } = await invite({ language: "zh", name });
    const { subject, text, html } = await mailTo(email);
    expect(subject).toBe("邀请你使用 hub.example.org");
    expect(text).toContain(name);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;co&#39;");
  });

  test("an administrator's reset is mailed to its person", async () => {
    const { email, id } = await invite();
    await accept(tokenIn((await mailTo(email)).text));
    expect(await admin.mutate<Sent>("people.resetLink", { id })).toMatchObject({ link: null, mailedTo: email });
    expect((await mailTo(email, 1)).subject).toBe("Set a new password for hub.example.org");
  });

  test("somebody asked to be a guest is told by whom, and a mail goes out whether the hub knows the address or not", async () => {
    const email = `${newId("p")}@example.org`;
    expect(await admin.mutate<Sent>("guests.invite", { email, role: "user", language: "zh" })).toMatchObject({
      link: null,
      mailedTo: email,
    });
    const { subject, text } = await mailTo(email);
    expect(subject).toBe("邀请你以访客身份使用 hub.example.org");
    expect(text).toContain("https://hub.example.org/guest?token=");
  });

  test("a file of people mails each who is added a link, if that is asked for, and says to whom", async () => {
    const [known, added] = [await invite(), `${newId("p")}@example.org`];
    const csv = `name,email,language\nAda,${known.email},\nLi,${added},zh\n`;
    const report = await admin.mutate("people.import", { csv, apply: true, invite: true });
    expect(report).toMatchObject({ created: 1, invitations: [{ name: "Li", email: added, mailed: true, link: null }] });
    const { subject, text } = await mailTo(added);
    expect(subject).toBe("邀请你使用 hub.example.org");
    expect(await accept(tokenIn(text))).toBeNull();
  });

  describe("who forgot the password", () => {
    const forgot = (email: string, headers: Record<string, string> = {}) =>
      new TestClient(admin.url, headers).post("auth.forgotPassword", { email });

    test("gets a mail with a link that sets another, and an unknown address gets the same answer", async () => {
      const { email } = await invite();
      await accept(tokenIn((await mailTo(email)).text));
      clock.advance(61_000);
      const [known, unknown] = [await forgot(email), await forgot(`${newId("nobody")}@example.org`)];
      expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);
      const { subject, text } = await mailTo(email, 1);
      expect(subject).toBe("Set a new password for hub.example.org");
      expect(await accept(tokenIn(text))).toBeNull();
      expect(server.mails.filter(({ to }) => to.some((one) => one.startsWith("nobody_")))).toEqual([]);
    });

    test("gets one mail however often it is asked for, and none when disabled or not yet here", async () => {
      const [active, disabled, invited] = [await invite(), await invite(), await invite()];
      for (const { email } of [active, disabled]) await accept(tokenIn((await mailTo(email)).text));
      await admin.mutate("people.disable", { id: disabled.id });
      clock.advance(61_000);
      for (let n = 0; n < 3; n++) for (const { email } of [active, disabled, invited]) await forgot(email);
      const last = await invite(); // sent after all of these, so the outbox is through
      await mailTo(last.email);
      await eventually(
        () => server.mails.filter(({ to }) => to.includes(active.email)).length,
        (count) => count === 2,
      );
      for (const { email } of [disabled, invited]) expect(server.mails.filter(({ to }) => to.includes(email))).toHaveLength(1);
    });

    test("cannot be sent a link to another host by whoever asks for it", async () => {
      const { email } = await invite();
      await accept(tokenIn((await mailTo(email)).text));
      clock.advance(61_000);
      await forgot(email, { "x-forwarded-host": "evil.example", forwarded: "host=evil.example" });
      const { text, html } = await mailTo(email, 1);
      expect(text + html).not.toContain("evil.example");
      const { items } = await admin.query<{ items: { subject: { name: string } }[] }>("audit.list", {
        kind: "person.reset-requested",
      });
      expect(items.length).toBeGreaterThan(0);
      expect(tokenIn(text)).not.toBe("");
    });

    test("waits like everybody who asks too often from one address", async () => {
      clock.advance(61_000);
      const codes: number[] = [];
      for (let n = 0; n < 32; n++) codes.push((await forgot(`${newId("nobody")}@example.org`)).status);
      expect(codes.at(-1)).toBe(429);
      expect(codes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 200));
      clock.advance(61_000);
    });
  });
});

describe("a mail server", () => {
  const inviteThrough = async (smtp: ReturnType<typeof smtpOf>): Promise<Sent> => {
    await using hub = await TestHub.start({ publicUrl, smtp });
    const admin = await TestClient.signIn(`http://localhost:${hub.hub.ports.console}`, {
      email: "admin@example.org",
      password: "correct-horse-battery",
    });
    return await admin.mutate<Sent>("people.invite", { email: `${newId("p")}@example.org`, name: "Ada", role: "user" });
  };
  const failed = { link: expect.stringContaining("/invite?token="), mailedTo: null, mailFailed: true };

  test("whose certificate nobody signed gets neither mail nor password", async () => {
    await using server = await startMailServer({ tls: true, password: "secret of the mail server" });
    expect(await inviteThrough(smtpOf(`smtp://hub@127.0.0.1:${server.port}`, "secret of the mail server"))).toMatchObject(failed);
    expect(server.mails).toEqual([]);
  });

  test("that refuses or does not answer leaves the administrator with the link", async () => {
    await using server = await startMailServer({ refuse: true });
    expect(await inviteThrough(smtpOf(`smtp://127.0.0.1:${server.port}`))).toMatchObject(failed);
    expect(await inviteThrough(smtpOf("smtp://127.0.0.1:1"))).toMatchObject(failed);
  });

  test("gets the user and the password it was set up with", async () => {
    await using server = await startMailServer({ password: "secret of the mail server" });
    const sent = await inviteThrough(smtpOf(`smtp://hub@127.0.0.1:${server.port}`, "secret of the mail server"));
    expect(sent).toMatchObject({ link: null, mailFailed: false });
    expect(server.mails).toMatchObject([{ user: "hub", from: "sallyport@hub.example.org" }]);
  });
});

describe("the configuration", () => {
  test.each([
    ["a password in the URL", ["--smtp-url", "smtp://u:hunter2@mail.example.org", "--public-url", publicUrl]],
    ["another protocol", ["--smtp-url", "http://hunter2.example.org", "--public-url", publicUrl]],
    ["no public address", ["--smtp-url", "smtp://mail.example.org"]],
  ])("refuses %s, and repeats no secret", (_, argv) => {
    expect(() => readConfig(argv, {})).toThrow(/smtp-url/);
    try {
      readConfig(argv, {});
    } catch (error) {
      expect(String(error)).not.toContain("hunter2");
    }
  });

  test("knows the ports by themselves", () => {
    expect(smtpOf("smtp://mail.example.org")).toMatchObject({ port: 587, secure: false });
    expect(smtpOf("smtps://who%40x@mail.example.org", "p")).toMatchObject({
      port: 465,
      secure: true,
      user: "who@x",
      password: "p",
    });
  });
});
