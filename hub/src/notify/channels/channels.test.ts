// Each channel's form, signature and limits as its vendor documents them, and what hostile text can do in it: nothing.
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { type ChannelKind, channelKinds } from "../input.ts";
import { renderNoticeMail } from "../mails.ts";
import { characters, clean, compose, cutTo, type Message, mark, utf8Bytes } from "../message.ts";
import { digestOf, messageOf } from "../words.ts";
import { dingtalkSign } from "./dingtalk.ts";
import { feishuSign } from "./feishu.ts";
import { channelRules } from "./rules.ts";
import { webhookSignature } from "./webhook.ts";

const now = new Date("2026-11-21T10:00:00Z");
const secrets: Record<ChannelKind, string | null> = {
  dingtalk: "SECtest",
  feishu: "test",
  wecom: null,
  slack: null,
  teams: null,
  webhook: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
const render = (kind: ChannelKind, message: Message) =>
  channelRules[kind].render(
    message,
    { url: "https://robot.example.org/send?key=k", secret: secrets[kind] },
    { id: "msg_1", now, kind: "run.failed", data: { task: "Backup" } },
  );

const failed = (asset: string, line: string, failures = 1) =>
  messageOf(
    {
      kind: "run.failed",
      data: {
        task: "Backup",
        taskId: "tsk_1",
        runId: "run_1",
        by: "Ada",
        succeeded: 2,
        failed: failures,
        seconds: 75,
        failures: Array.from({ length: Math.min(failures, 50) }, () => ({ asset, reason: "failed", exitCode: 2, line })),
      },
    },
    "en",
    "https://hub.example.org",
  );

describe("a signature is the vendor's own", () => {
  test("DingTalk", () => {
    const sign = dingtalkSign("SECtest", 1577262236757);
    expect(encodeURIComponent(sign)).toBe("Za%2Fne6w2koB8B4ROVlgTNd%2FX%2B%2FFbyDpZrXLz57xNZSA%3D");
    const to = new URL(render("dingtalk", failed("web", "x")).url);
    expect(to.searchParams.get("key")).toBe("k");
    expect(to.searchParams.get("timestamp")).toBe(String(now.getTime()));
    expect(to.searchParams.get("sign")).toBe(dingtalkSign("SECtest", now.getTime()));
  });

  test("Feishu", () => {
    expect(feishuSign("test", 1599360473)).toBe("NVcdmaRhTlOqmXksontxmKEP4AYWAMD5VOczwSqarks=");
    const { timestamp, sign } = JSON.parse(render("feishu", failed("web", "x")).body);
    expect({ timestamp, sign }).toEqual({ timestamp: "1795255200", sign: feishuSign("test", 1795255200) });
  });

  test("Standard Webhooks, as its own library verifies it", () => {
    expect(webhookSignature("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 1674087231, "{}")).toBe(
      "v1,QCc1C0FgUpxfSJy5BvEGVPJ/27RP8AwadWr57Nd93Gc=",
    );
    const current = channelRules.webhook.render(
      failed("web", "x"),
      { url: "https://a.example", secret: secrets.webhook },
      { id: "msg_2", now: new Date(), kind: "run.failed", data: { task: "Backup" } },
    );
    expect(new Webhook(secrets.webhook ?? "").verify(current.body, current.headers)).toMatchObject({
      type: "run.failed",
      data: { task: "Backup" },
    });
  });
});

test("a message has each channel's form", () => {
  const message = failed("web-1", "disk full", 12);
  const bodyOf = (kind: ChannelKind) => JSON.parse(render(kind, message).body);
  const lines = [
    "### Backup failed on 12 hosts",
    "**By**: Ada",
    "**Succeeded**: 2 hosts",
    "**Took**: 1 min 15 s",
    ...Array.from({ length: 10 }, () => "- web-1 · failed (2) · disk full"),
    "and 2 more",
  ];
  const url = "https://hub.example.org/run?id=run_1";
  expect(bodyOf("dingtalk")).toEqual({
    msgtype: "actionCard",
    actionCard: {
      title: "Backup failed on 12 hosts",
      text: lines.join("\n\n"),
      hideAvatar: "0",
      btnOrientation: "0",
      singleTitle: "Open",
      singleURL: url,
    },
  });
  expect(bodyOf("wecom")).toEqual({
    msgtype: "markdown",
    markdown: { content: [...lines, `[Open](${url})`].join("\n") },
  });
  expect(bodyOf("feishu")).toMatchObject({
    msg_type: "interactive",
    card: {
      header: { template: "red", title: { tag: "plain_text", content: "Backup failed on 12 hosts" } },
      elements: [
        { tag: "div", fields: [{ text: { content: "By: Ada" } }, { text: { content: "Succeeded: 2 hosts" } }, {}] },
        ...Array.from({ length: 10 }, () => ({ text: { tag: "plain_text", content: "web-1 · failed (2) · disk full" } })),
        { text: { content: "and 2 more" } },
        { tag: "action", actions: [{ tag: "button", url }] },
      ],
    },
  });
  expect(bodyOf("slack")).toMatchObject({
    text: "Backup failed on 12 hosts",
    blocks: [
      { type: "header", text: { type: "plain_text" } },
      { type: "section", fields: [{ type: "plain_text", text: "By\nAda" }, {}, {}] },
      { type: "section", text: { type: "plain_text", text: expect.stringContaining("• web-1 · failed (2) · disk full") } },
      { type: "actions", elements: [{ type: "button", url }] },
    ],
  });
  expect(bodyOf("teams").attachments[0]).toMatchObject({
    contentType: "application/vnd.microsoft.card.adaptive",
    content: { type: "AdaptiveCard", version: "1.4", actions: [{ type: "Action.OpenUrl", url }] },
  });
  const mail = renderNoticeMail(message);
  expect(mail.subject).toBe("Backup failed on 12 hosts");
  expect(mail.text).toContain("- web-1 · failed (2) · disk full\n");
  expect(mail.html).toContain(`<a href="${url}">Open</a>`);
});

const hostile = [
  "@all @15012345678 <@everyone> <!channel> <at>all</at>",
  "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example|here>",
  "</p><script>alert(1)</script> <font color='red'>",
  "first\n# second\r\n\u2028> quoted \u202Egpj.exe\u0000\u001b[31m",
  "www.evil.example *bold* _it_ ~gone~ `code` | cell |",
];

test.each(hostile)("hostile text stays text everywhere: %j", (text) => {
  const message = failed(text, text, 2);
  for (const kind of channelKinds) {
    const { body } = render(kind, message);
    expect(body, kind).not.toMatch(/[\u202a-\u202e]|\\u001b|\\u2028/);
    if (kind === "webhook") continue; // a program's: the text as it is
    expect(body, kind).not.toContain("https://evil.example");
    expect(body, kind).not.toContain("www.evil");
  }
  for (const kind of ["dingtalk", "wecom"] as const) {
    const inner = JSON.parse(render(kind, message).body);
    const content: string = inner.markdown?.content ?? inner.actionCard.text;
    const rows = content.split("\n").filter((line) => line.startsWith("- "));
    expect(rows.join("").replaceAll(/- /g, ""), kind).not.toMatch(/[[\]<>@`*~|]/);
    expect(rows, kind).toHaveLength(2);
  }
  // Every text of others stands in an object that no vendor reads as markup.
  const { card } = JSON.parse(render("feishu", message).body);
  expect(JSON.stringify(card)).not.toContain("lark_md");
  const { blocks, text: fallback } = JSON.parse(render("slack", message).body);
  expect(JSON.stringify(blocks)).not.toContain("mrkdwn");
  expect(fallback).not.toMatch(/[<>]/);
  expect(JSON.stringify(JSON.parse(render("teams", message).body))).not.toContain(`"TextBlock"`);
  const mail = renderNoticeMail(message);
  expect(mail.html).not.toMatch(/<script|<font|<@|<!ch|<at>/);
  expect(mail.text).not.toContain("https://evil.example");
});

const bodyMax: Record<ChannelKind, number> = {
  dingtalk: 20_000,
  feishu: 20_000,
  wecom: 9_000, // in JSON; its limit is that of the content below
  slack: 13_000,
  teams: 28_000,
  webhook: 20_000,
};

test("a message fits its channel whatever is in it, and no character is cut in two", () => {
  const text = fc.string({ unit: "binary", maxLength: 600 });
  const wide = fc.constantFrom("字".repeat(400), '"\\'.repeat(300), "😀".repeat(300), "\u{1F468}\u200D\u{1F469}".repeat(200));
  const any = fc.oneof(text, wide);
  const message = fc.record({
    title: any,
    summary: any,
    values: fc.array(any, { maxLength: 30 }),
    cells: fc.array(any, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(message, ({ title, summary, values, cells }) => {
      const composed = compose({
        language: "zh",
        severity: "critical",
        title,
        summary,
        facts: values.map((value) => ({ name: "原因", value })),
        table: { rows: Array.from({ length: 12 }, () => cells), more: 3 },
        link: { text: "查看", url: "https://hub.example.org/run?id=run_01jd" },
      });
      for (const kind of channelKinds) {
        const { body } = render(kind, composed);
        expect(Buffer.byteLength(body), kind).toBeLessThanOrEqual(bodyMax[kind]);
        expect(body.isWellFormed(), kind).toBe(true);
        expect(body, kind).not.toMatch(/\\ud[89a-f]/i);
        expect(body, kind).toContain("https://hub.example.org/run?id=run_01jd");
        if (kind === "wecom") expect(utf8Bytes(JSON.parse(body).markdown.content)).toBeLessThanOrEqual(4_096);
        if (kind === "slack") {
          const { blocks } = JSON.parse(body) as { blocks: { text?: { text: string }; fields?: { text: string }[] }[] };
          for (const block of blocks) {
            expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000);
            expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
          }
        }
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test("what is cut says so, and never ends within a character", () => {
  expect(cutTo("字字字", 9, utf8Bytes)).toBe("字字字");
  expect(cutTo("字字字", 8, utf8Bytes)).toBe(`字${mark}`);
  expect(cutTo("a😀😀", 4, characters)).toBe(`a😀${mark}`);
  expect(cutTo("a😀😀", 3, characters)).toBe(`a${mark}`);
  expect(clean("a\u0000b\r\nc \u202Ed")).toBe("a b c d");
});

test("too many at once are one message that counts them, the gravest first", () => {
  const one = messageOf(
    { kind: "run.started", data: { task: "Fine", taskId: null, runId: null, by: "Ada", targets: 1 } },
    "en",
    null,
  );
  const digest = digestOf([...Array.from({ length: 24 }, () => one), failed("web", "x")], "en", "https://hub.example.org");
  expect(digest).toMatchObject({
    title: "25 notices",
    severity: "critical",
    table: { rows: expect.arrayContaining([["Backup failed on 1 host"]]), more: 15 },
    link: { url: "https://hub.example.org/inbox" },
  });
  expect(digest.table?.rows[0]).toEqual(["Backup failed on 1 host"]);
});

describe("an answer", () => {
  const judge = (kind: ChannelKind, body: string, status = 200, retryAfter: string | null = null) =>
    channelRules[kind].judge({ status, body, retryAfter }, now);

  test.each<[ChannelKind, string, object]>([
    ["dingtalk", '{"errcode":0,"errmsg":"ok"}', { sent: true }],
    [
      "dingtalk",
      '{"errcode":310000,"errmsg":"sign not match"}',
      { sent: false, retry: false, text: "errcode 310000 sign not match" },
    ],
    ["dingtalk", '{"errcode":130101,"errmsg":"send too fast"}', { sent: false, retry: true, waitMs: 600_000 }],
    ["feishu", '{"code":0,"msg":"success"}', { sent: true }],
    ["feishu", '{"code":19021,"msg":"sign match fail"}', { sent: false, retry: false }],
    ["feishu", '{"code":11232,"msg":"frequency limited"}', { sent: false, retry: true }],
    ["wecom", '{"errcode":93000,"errmsg":"invalid webhook url"}', { sent: false, retry: false }],
    ["wecom", '{"errcode":45009,"errmsg":"api freq out of limit"}', { sent: false, retry: true }],
    ["wecom", "<html>sign in to this network</html>", { sent: false, retry: false }],
    ["slack", "ok", { sent: true }],
    ["slack", "<html>", { sent: false }],
    ["teams", "", { sent: true }],
  ])("of %s under status 200: %s", (kind, body, verdict) => expect(judge(kind, body)).toMatchObject(verdict));

  test("by its status: what may work later is tried again, when the receiver says", () => {
    expect(judge("slack", "", 429, "7")).toMatchObject({ retry: true, waitMs: 7_000 });
    expect(judge("slack", "", 503, "Sat, 21 Nov 2026 10:01:00 GMT")).toMatchObject({ retry: true, waitMs: 60_000 });
    expect(judge("slack", "", 429, "999999999")).toMatchObject({ waitMs: 86_400_000 });
    expect(judge("webhook", "gone", 410)).toMatchObject({ retry: false, gone: true });
    expect(judge("webhook", "", 302)).toMatchObject({ retry: false, text: "HTTP 302: redirects are not followed" });
    expect(judge("webhook", "no", 400)).toMatchObject({ retry: false, text: "HTTP 400 no" });
    expect(judge("webhook", "", 204)).toMatchObject({ sent: true });
  });
});
