// A host becomes an agent: makes its key, shows the token, keeps what the hub answers. Leaves an existing enrolment as it was when refused.
import { sign } from "node:crypto";
import https from "node:https";
import os from "node:os";
import { isAgentId } from "@sallyport/protocol/topics";
import { collectFacts } from "./inventory/facts.ts";
import { explainDial, timedOut } from "./link/explain.ts";
import { hubTls } from "./link/hub-tls.ts";
import {
  adoptIdentity,
  type Identity,
  newAgentKey,
  parseObject,
  publicKeyOf,
  rawPublicKey,
  StateError,
  stageKey,
  unstageKey,
} from "./state/identity.ts";

const proofContext = Buffer.from("sallyport/enrol/v1\0");
const deadlineMs = 20_000;
/** The hub's answer is under 1 KiB. */
const answerBytesMax = 64 * 1_024;

/** The hub said no, or is not the hub; `code` is stable, the message is for people. */
export class EnrolRefused extends Error {
  override name = "EnrolRefused";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type EnrolOptions = {
  stateDir: string;
  hubUrl: string;
  hubId: string;
  hubKey: string;
  caPem: string;
  agentPort: number;
  token: string;
  name?: string;
};

/** @throws EnrolRefused or StateError; in both cases the state folder is as before. */
export async function enrol(options: EnrolOptions): Promise<Identity & { clockSkewMs: number | null }> {
  const { stateDir, hubUrl, hubId, hubKey, caPem, token, name } = options;
  publicKeyOf(hubKey);
  if (!URL.canParse(hubUrl) || new URL(hubUrl).protocol !== "https:")
    throw new StateError(`--hub is ${hubUrl}, expected https://host:port.`);
  const key = newAgentKey();
  stageKey(stateDir, key); // a full disk shows here, before the token is spent
  try {
    const answer = await post(
      new URL("/agent/enrol", hubUrl),
      { caPem, hubId },
      {
        token,
        publicKey: rawPublicKey(key),
        hostname: os.hostname(),
        ...(name === undefined ? {} : { name }),
        facts: await collectFacts(Date.now()),
        proof: sign(null, Buffer.concat([proofContext, Buffer.from(token)]), key).toString("base64"),
      },
    );
    const identity = identityFrom(answer.body, options);
    adoptIdentity(stateDir, identity);
    return { ...identity, clockSkewMs: answer.hubTimeMs === null ? null : Date.now() - answer.hubTimeMs };
  } catch (error) {
    unstageKey(stateDir);
    throw error;
  }
}

function identityFrom(answer: object, { hubUrl, hubId, hubKey, caPem, agentPort }: EnrolOptions): Identity {
  const agentId = textOf(answer, "agentId");
  const named = textOf(answer, "hubId");
  const port: unknown = Reflect.get(answer, "agentPort");
  if (named !== hubId)
    throw new EnrolRefused("wrong-hub", `The hub calls itself ${named}, expected ${hubId}. Copy the install command again.`);
  if (!isAgentId(agentId)) throw new EnrolRefused("bad-answer", "The hub's answer names no agent.");
  return {
    agentId,
    hubId,
    hubKey,
    hubUrl: new URL(hubUrl).origin,
    agentPort: typeof port === "number" ? port : agentPort,
    caPem,
    name: textOf(answer, "name") || os.hostname(),
  };
}

function post(
  url: URL,
  trust: { caPem: string; hubId: string },
  body: object,
): Promise<{ body: object; hubTimeMs: number | null }> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(error instanceof EnrolRefused ? error : new EnrolRefused("unreachable", explainDial(error, url.host)));
    const request = https.request(
      url,
      { ...hubTls(trust), method: "POST", agent: false, headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax)
            request.destroy(new EnrolRefused("bad-answer", `${url.host} answered more than a hub would.`));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          const parsed = parseObject(Buffer.concat(chunks).toString());
          const hubTimeMs = Date.parse(response.headers.date ?? "");
          if (parsed === null)
            fail(
              new EnrolRefused(
                "bad-answer",
                `${url.host} answered ${response.statusCode ?? 0} and no JSON: this may not be a Sallyport hub.`,
              ),
            );
          else if (response.statusCode === 200) resolve({ body: parsed, hubTimeMs: Number.isNaN(hubTimeMs) ? null : hubTimeMs });
          else
            fail(
              new EnrolRefused(
                textOf(parsed, "code") || "refused",
                textOf(parsed, "message") || textOf(parsed, "detail") || `The hub answered ${response.statusCode ?? 0}.`,
              ),
            );
        });
      },
    );
    const timer = setTimeout(() => request.destroy(timedOut()), deadlineMs);
    request.on("error", fail);
    request.on("close", () => clearTimeout(timer));
    request.end(JSON.stringify(body));
  });
}

function textOf(object: object, name: string): string {
  const value: unknown = Reflect.get(object, name);
  return typeof value === "string" ? value : "";
}
