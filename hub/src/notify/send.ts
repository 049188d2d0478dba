// One message to one channel, now. Never throws: what went wrong is the verdict.
import { openTarget, withoutSecrets } from "./channel-secret.ts";
import type { Envelope, Verdict } from "./channels/channel.ts";
import { answerText, failed } from "./channels/judge.ts";
import { channelRules } from "./channels/rules.ts";
import type { NotifyDeps } from "./deps.ts";
import type { Message } from "./message.ts";
import { AddressRefused, post } from "./post.ts";
import type { ChannelRow } from "./schema.ts";

export async function send({ vault }: NotifyDeps, channel: ChannelRow, message: Message, envelope: Envelope): Promise<Verdict> {
  const target = openTarget(vault, channel);
  const rules = channelRules[channel.kind];
  try {
    const answer = await post(rules.render(message, target, envelope), channel);
    // Before it is cut: half a secret is one, too.
    return rules.judge({ ...answer, body: withoutSecrets(answer.body, target) }, envelope.now);
  } catch (error) {
    return failed(withoutSecrets(reasonOf(error), target), { retry: !(error instanceof AddressRefused) });
  }
}

/** The network's own words, from the deepest cause; several addresses that all failed have theirs in `errors`. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return answerText(error.errors.map((one: unknown) => reasonOf(one)).join("; "));
  if (!(error instanceof Error)) return answerText(String(error));
  return answerText(error.message === "" ? error.name : error.message);
}
