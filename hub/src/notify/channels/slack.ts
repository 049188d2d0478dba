// A Slack incoming webhook: blocks of plain text, in which nothing is markup or a mention. Its address is its only secret. docs.slack.dev, Block Kit.
import { andMore, characters, cutTo, fitted, jsonBytes, mapTexts, rowLine, unlinked } from "../message.ts";
import { type ChannelRules, json } from "./channel.ts";
import { answerText, failed, judgeStatus } from "./judge.ts";

/** All blocks together are refused somewhere above 13,000; nobody documents where. */
const textBytes = 9_000;
/** Around each fact: `{"type":"plain_text","text":"","emoji":false},`. */
const fieldBytes = 60;
const headerMax = 150;
const sectionMax = 3_000;
const fieldsMax = 10;

const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
const section = (text: string) => ({ type: "section", text: plain(cutTo(text, sectionMax, characters)) });
/** What the notification shows is mrkdwn whatever one asks for. */
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const slack: ChannelRules = {
  // One a second.
  pace: { burst: 1, perMinute: 55 },
  secret: "none",
  render: (message, { url }) => {
    const { language, title, summary, facts, table, link } = fitted(mapTexts(message, unlinked), {
      most: textBytes,
      each: fieldBytes,
      measure: jsonBytes,
    });
    const fields = facts.map(({ name, value }) => plain(value === "" ? name : `${name}\n${value}`));
    const lines = [
      ...(table?.rows ?? []).map((row) => `• ${rowLine(row)}`),
      ...(table === null || table.more === 0 ? [] : [andMore(language, table.more)]),
    ];
    const blocks = [
      { type: "header", text: plain(cutTo(title, headerMax, characters)) },
      ...(summary === "" ? [] : [section(summary)]),
      ...Array.from({ length: Math.ceil(fields.length / fieldsMax) }, (_, n) => ({
        type: "section",
        fields: fields.slice(n * fieldsMax, (n + 1) * fieldsMax),
      })),
      ...(lines.length === 0 ? [] : [section(lines.join("\n"))]),
      ...(link === null ? [] : [{ type: "actions", elements: [{ type: "button", text: plain(link.text), url: link.url }] }]),
    ];
    return json(url, { text: escaped(title), blocks, unfurl_links: false, unfurl_media: false });
  },
  judge: (answer, now) => {
    const byStatus = judgeStatus(answer, now);
    if (byStatus !== null) return byStatus;
    return answer.body.trim() === "ok"
      ? { sent: true, text: "ok" }
      : failed(`The answer is not Slack's: ${answerText(answer.body)}`);
  },
};
