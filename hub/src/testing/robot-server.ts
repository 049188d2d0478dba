// Robots of several vendors on this machine: they check signatures, clocks and limits as the real ones do and answer in their words. And receivers that
// mean harm: bodies that never end, answers that never come, ways elsewhere.

import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Clock } from "../platform/clock.ts";

export const robotSecrets = {
  dingtalk: "SECrobot-of-the-tests",
  feishu: "feishu-robot-of-the-tests",
  webhook: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};
/** What real addresses carry instead of a signature. */
export const robotKey = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa";

export type Received = { path: string; headers: http.IncomingHttpHeaders; body: string };
type Reply = { status?: number; headers?: Record<string, string>; body?: string };

export type RobotServer = AsyncDisposable & {
  url: string;
  received: Received[];
  /** What the next requests get instead of a robot's answer, one each. */
  answers: Reply[];
};

const same = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
const json = (body: object): Reply => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** @param tls speaks TLS with this certificate. */
export async function startRobots(clock: Clock, tls: { key: string; cert: string } | null = null): Promise<RobotServer> {
  const received: Received[] = [];
  const answers: Reply[] = [];
  /** Of DingTalk, in milliseconds: 20 a minute, then silence. */
  const dingtalkTimes: number[] = [];

  const robots: Record<string, (request: Received, query: URLSearchParams) => Reply> = {
    dingtalk: ({ body }, query) => {
      const now = clock.now().getTime();
      const timestamp = query.get("timestamp") ?? "";
      const sign = createHmac("sha256", robotSecrets.dingtalk).update(`${timestamp}\n${robotSecrets.dingtalk}`).digest("base64");
      if (query.get("access_token") !== robotKey) return json({ errcode: 300001, errmsg: "token is not exist" });
      if (Math.abs(now - Number(timestamp)) > 3_600_000 || !same(query.get("sign") ?? "", sign))
        return json({ errcode: 310000, errmsg: "sign not match" });
      if (Buffer.byteLength(body) > 20_000) return json({ errcode: 460101, errmsg: "message too long" });
      while (dingtalkTimes.length > 0 && (dingtalkTimes[0] ?? 0) <= now - 60_000) dingtalkTimes.shift();
      if (dingtalkTimes.push(now) > 20) return json({ errcode: 130101, errmsg: "send too fast" });
      const { msgtype, actionCard, markdown } = JSON.parse(body);
      const { title, text } = actionCard ?? markdown ?? {};
      return typeof title === "string" && typeof text === "string" && ["actionCard", "markdown"].includes(msgtype)
        ? json({ errcode: 0, errmsg: "ok" })
        : json({ errcode: 400402, errmsg: "missing parameter" });
    },
    feishu: ({ body }) => {
      const { timestamp, sign, msg_type, card } = JSON.parse(body);
      const expected = createHmac("sha256", `${timestamp}\n${robotSecrets.feishu}`).update("").digest("base64");
      const late = Math.abs(clock.now().getTime() / 1_000 - Number(timestamp)) > 3_600;
      if (late || !same(String(sign), expected))
        return json({ code: 19021, msg: "sign match fail or timestamp is not within one hour from current time" });
      return msg_type === "interactive" && Array.isArray(card?.elements)
        ? json({ code: 0, msg: "success", data: {} })
        : json({ code: 9499, msg: "Bad Request" });
    },
    wecom: ({ body }, query) => {
      const content: unknown = JSON.parse(body).markdown?.content;
      if (query.get("key") !== robotKey) return json({ errcode: 93000, errmsg: "invalid webhook url" });
      if (typeof content !== "string" || Buffer.byteLength(content) > 4_096)
        return json({ errcode: 40058, errmsg: "markdown.content exceed max length 4096" });
      return json({ errcode: 0, errmsg: "ok" });
    },
    slack: ({ body }) => (typeof JSON.parse(body).text === "string" ? { body: "ok" } : { status: 400, body: "invalid_payload" }),
    teams: ({ body }) =>
      JSON.parse(body).attachments?.[0]?.content?.type === "AdaptiveCard" ? { status: 202 } : { status: 400, body: "bad card" },
    webhook: ({ headers, body }) => {
      // As the library's verify(), by the clock of the test.
      const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) => String(headers[`webhook-${name}`]));
      const sentAt = new Date(Number(timestamp) * 1_000);
      if (Math.abs(clock.now().getTime() - sentAt.getTime()) > 300_000) return { status: 401, body: "Message timestamp too old" };
      const expected = new Webhook(robotSecrets.webhook).sign(id ?? "", sentAt, body);
      return same(signature ?? "", expected) ? { status: 204 } : { status: 401, body: "No matching signature found" };
    },
    elsewhere: () => ({ status: 307, headers: { location: "http://169.254.169.254/latest/meta-data/" } }),
    echo: ({ path, body }) => ({ status: 400, body: `no such ${path} ${body}` }),
  };

  const serve: http.RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://robot");
      const one = { path: `${url.pathname}${url.search}`, headers: request.headers, body: Buffer.concat(parts).toString() };
      received.push(one);
      const name = url.pathname.split("/")[1] ?? "";
      if (name === "endless") {
        const write = () => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", write).on("error", () => {});
        write();
        return;
      }
      if (name === "slow") {
        response.write("{");
        return;
      }
      const {
        status = 200,
        headers = {},
        body = "",
      } = answers.shift() ?? robots[name]?.(one, url.searchParams) ?? { status: 404 };
      response.writeHead(status, headers).end(body);
    });
  };
  const server = tls === null ? http.createServer(serve) : https.createServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === null ? "http" : "https"}://127.0.0.1:${port}`,
    received,
    answers,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
