// What a channel is: a message becomes one request, and the answer to it a verdict. Pure on both sides; post.ts is what dials.
import type { Message } from "../message.ts";

/** Where to, and with what it is signed; both are secret, since whoever knows a robot's address may speak through it. */
export type ChannelTarget = { url: string; secret: string | null };

/** id: the same at every attempt. kind: of the notice. data: of the notice, for programs. */
export type Envelope = { id: string; now: Date; kind: string; data: object };

export type Outgoing = { url: string; headers: Record<string, string>; body: string };
/** body: as far as it was read. */
export type Answer = { status: number; retryAfter: string | null; body: string };

/**
 * text: the other side's own words, or ours; cut, one line.
 * retry: it may work later, not before `waitMs` when that is known. gone: the receiver says that nobody is there any more.
 */
export type Verdict =
  | { sent: true; text: string }
  | { sent: false; text: string; retry: boolean; waitMs: number | null; gone: boolean };

/** `burst` at once and `perMinute` after that: together no more than the channel takes in any minute. */
export type Pace = { burst: number; perMinute: number };

export type ChannelRules = {
  pace: Pace;
  /** Is its signing secret needed, possible, or unknown to it? */
  secret: "needed" | "possible" | "none";
  render(message: Message, target: ChannelTarget, envelope: Envelope): Outgoing;
  judge(answer: Answer, now: Date): Verdict;
};

export const json = (url: string, body: object): Outgoing => ({
  url,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(body),
});
