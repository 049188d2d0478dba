// A Teams workflow ("when a webhook request is received"): an Adaptive Card of text runs, in which nothing is markup. Its address is its only secret.
import { andMore, fitted, jsonBytes, mapTexts, rowLine, type Severity, unlinked } from "../message.ts";
import { type ChannelRules, json } from "./channel.ts";
import { answerText, judgeStatus } from "./judge.ts";

/** Of some 28 KB that a card may have. */
const textBytes = 20_000;
/** Around each fact: two runs and their block. */
const blockBytes = 140;

const colours: Record<Severity, string> = { info: "accent", success: "good", warning: "warning", critical: "attention" };

type Run = { type: "TextRun"; text: string; weight?: "bolder"; size?: "large"; color?: string };
const block = (...inlines: Run[]) => ({ type: "RichTextBlock", inlines });
const run = (text: string, more: Omit<Run, "type" | "text"> = {}): Run => ({ type: "TextRun", text, ...more });

export const teams: ChannelRules = {
  pace: { burst: 2, perMinute: 60 },
  secret: "none",
  render: (message, { url }) => {
    const { language, severity, title, summary, facts, table, link } = fitted(mapTexts(message, unlinked), {
      most: textBytes,
      each: blockBytes,
      measure: jsonBytes,
    });
    const content = {
      $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
      type: "AdaptiveCard",
      version: "1.4",
      body: [
        block(run(title, { weight: "bolder", size: "large", color: colours[severity] })),
        ...(summary === "" ? [] : [block(run(summary))]),
        ...facts.map(({ name, value }) =>
          value === "" ? block(run(name)) : block(run(`${name}: `, { weight: "bolder" }), run(value)),
        ),
        ...(table?.rows ?? []).map((row) => block(run(`• ${rowLine(row)}`))),
        ...(table === null || table.more === 0 ? [] : [block(run(andMore(language, table.more)))]),
      ],
      actions: link === null ? [] : [{ type: "Action.OpenUrl", title: link.text, url: link.url }],
    };
    return json(url, {
      type: "message",
      attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
    });
  },
  judge: (answer, now) => judgeStatus(answer, now) ?? { sent: true, text: answerText(`HTTP ${answer.status} ${answer.body}`) },
};
