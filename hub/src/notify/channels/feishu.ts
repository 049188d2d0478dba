// A Feishu or Lark robot: a card of plain texts, in which nothing is markup, signed in the body. open.feishu.cn, custom bots.
import { createHmac } from "node:crypto";
import { andMore, fitted, jsonBytes, mapTexts, rowLine, type Severity, unlinked } from "../message.ts";
import { type ChannelRules, json } from "./channel.ts";
import { judgeCode } from "./judge.ts";

/** Of the 20 KB that a request may have. */
const textBytes = 17_000;
/** Around each fact: `{"is_short":false,"text":{"tag":"plain_text","content":""}},`. */
const fieldBytes = 80;
/** 11232: too fast. */
const later = { 11232: 0 };

const colours: Record<Severity, string> = { info: "blue", success: "green", warning: "orange", critical: "red" };

/** Base64 of HMAC-SHA256 over nothing, with `timestamp\nsecret` as its key. @param timestamp seconds. */
export const feishuSign = (secret: string, timestamp: number): string =>
  createHmac("sha256", `${timestamp}\n${secret}`).update("").digest("base64");

const plain = (content: string) => ({ tag: "plain_text", content });
const line = (content: string) => ({ tag: "div", text: plain(content) });

export const feishu: ChannelRules = {
  // 100 a minute and 5 a second: in any second the burst and one more.
  pace: { burst: 4, perMinute: 60 },
  secret: "possible",
  render: (message, { url, secret }, { now }) => {
    const { language, severity, title, summary, facts, table, link } = fitted(mapTexts(message, unlinked), {
      most: textBytes,
      each: fieldBytes,
      measure: jsonBytes,
    });
    const timestamp = Math.floor(now.getTime() / 1_000);
    const elements = [
      ...(summary === "" ? [] : [line(summary)]),
      ...(facts.length === 0
        ? []
        : [
            {
              tag: "div",
              fields: facts.map(({ name, value }) => ({
                is_short: false,
                text: plain(value === "" ? name : `${name}: ${value}`),
              })),
            },
          ]),
      ...(table?.rows ?? []).map((row) => line(rowLine(row))),
      ...(table === null || table.more === 0 ? [] : [line(andMore(language, table.more))]),
      ...(link === null
        ? []
        : [{ tag: "action", actions: [{ tag: "button", text: plain(link.text), type: "primary", url: link.url }] }]),
    ];
    return json(url, {
      ...(secret === null ? {} : { timestamp: String(timestamp), sign: feishuSign(secret, timestamp) }),
      msg_type: "interactive",
      card: { config: { wide_screen_mode: true }, header: { template: colours[severity], title: plain(title) }, elements },
    });
  },
  judge: (answer, now) => judgeCode(answer, now, { code: "code", text: "msg" }, later),
};
