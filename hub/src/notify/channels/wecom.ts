// A WeCom robot: Markdown of at most 4096 bytes. Its address is its only secret. developer.work.weixin.qq.com, group robots.
import { fitted, mapTexts, utf8Bytes } from "../message.ts";
import { type ChannelRules, json } from "./channel.ts";
import { judgeCode } from "./judge.ts";
import { markdownOf, neutral } from "./markdown.ts";

const contentBytes = 4_096;
/** What `[` `](` `)` and a line's end need around the link. */
const linkBytes = 8;
/** −1: busy. 45009: too fast. */
const later = { [-1]: 0, 45009: 60_000 };

export const wecom: ChannelRules = {
  pace: { burst: 10, perMinute: 10 },
  secret: "none",
  render: (message, { url }) => {
    const fits = fitted(mapTexts(message, neutral), { most: contentBytes - linkBytes, each: 12, measure: utf8Bytes });
    const link = fits.link === null ? "" : `\n[${fits.link.text}](${fits.link.url})`;
    return json(url, { msgtype: "markdown", markdown: { content: markdownOf(fits, "\n") + link } });
  },
  judge: (answer, now) => judgeCode(answer, now, { code: "errcode", text: "errmsg" }, later),
};
