// A program of somebody's own, told by Standard Webhooks (standardwebhooks.com, specification 1): three headers, and the event as JSON.
import { createHmac } from "node:crypto";
import { fitted, jsonBytes } from "../message.ts";
import { type ChannelRules, json } from "./channel.ts";
import { answerText, judgeStatus } from "./judge.ts";

/** The specification asks for less than 20 kB. */
const textBytes = 9_000;

export const webhookSecretPrefix = "whsec_";

/** @param secret the key in base64, with or without its prefix. @param timestamp seconds. */
export function webhookSignature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.startsWith(webhookSecretPrefix) ? secret.slice(webhookSecretPrefix.length) : secret, "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

export const webhook: ChannelRules = {
  pace: { burst: 30, perMinute: 300 },
  secret: "needed",
  render: (message, { url, secret }, { id, now, kind, data }) => {
    const { language, severity, title, summary, facts, table, link } = fitted(message, {
      most: textBytes,
      each: 40,
      measure: jsonBytes,
    });
    const event = JSON.stringify(data).length <= textBytes ? data : {};
    const request = json(url, {
      type: kind,
      timestamp: now.toISOString(),
      data: { ...event, message: { language, severity, title, summary, facts, table, url: link?.url ?? null } },
    });
    const timestamp = Math.floor(now.getTime() / 1_000);
    const signature = webhookSignature(secret ?? "", id, timestamp, request.body);
    return {
      ...request,
      headers: {
        ...request.headers,
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signature,
      },
    };
  },
  judge: (answer, now) => judgeStatus(answer, now) ?? { sent: true, text: answerText(`HTTP ${answer.status} ${answer.body}`) },
};
