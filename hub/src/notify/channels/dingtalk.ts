// A DingTalk robot: an ActionCard, signed in the address. open.dingtalk.com, custom robots.
import { createHmac } from "node:crypto";
import { fitted, jsonBytes, mapTexts } from "../message.ts";
import { type ChannelRules, type ChannelTarget, json } from "./channel.ts";
import { judgeCode } from "./judge.ts";
import { markdownOf, neutral } from "./markdown.ts";

/** Of the 20 kB that a request may have; the rest is the card around it. */
const textBytes = 17_000;
/** Beyond its 20 a minute a robot is silenced for ten minutes. */
const silencedMs = 600_000;
/** −1: busy. 130101: too fast. */
const later = { [-1]: 0, 130101: silencedMs };

/** Base64 of HMAC-SHA256 with the secret as its key, over `timestamp\nsecret`. @param timestamp milliseconds. */
export const dingtalkSign = (secret: string, timestamp: number): string =>
  createHmac("sha256", secret).update(`${timestamp}\n${secret}`).digest("base64");

export const dingtalk: ChannelRules = {
  pace: { burst: 10, perMinute: 10 },
  secret: "possible",
  render: (message, target, { now }) => {
    const fits = fitted(mapTexts(message, neutral), { most: textBytes, each: 12, measure: jsonBytes });
    const text = markdownOf(fits, "\n\n");
    const { title, link } = fits;
    return json(
      signed(target, now),
      link === null
        ? { msgtype: "markdown", markdown: { title, text } }
        : {
            msgtype: "actionCard",
            actionCard: { title, text, hideAvatar: "0", btnOrientation: "0", singleTitle: link.text, singleURL: link.url },
          },
    );
  },
  judge: (answer, now) => judgeCode(answer, now, { code: "errcode", text: "errmsg" }, later),
};

function signed({ url, secret }: ChannelTarget, now: Date): string {
  if (secret === null) return url;
  const to = new URL(url);
  to.searchParams.set("timestamp", String(now.getTime()));
  to.searchParams.set("sign", dingtalkSign(secret, now.getTime()));
  return to.href;
}
