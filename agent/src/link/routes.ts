// Which way to try next. Pure.
import type { Identity } from "../state/identity.ts";

export type Transport = "mqtts" | "wss";
export type Route = { transport: Transport; host: string; port: number };

/** MQTT's own port twice; where a firewall only lets the web out, turn about from then on. */
const directTries = 2;

/** @param failures in a row. @param worked the transport of the last link that stood, which is tried first. */
export function nextRoute(
  { hubUrl, agentPort }: Pick<Identity, "hubUrl" | "agentPort">,
  failures: number,
  worked: Transport | null,
): Route {
  const url = new URL(hubUrl);
  const host = url.hostname.replace(/^\[|\]$/g, ""); // an IPv6 address stands in brackets in a URL only
  const direct = worked === "wss" ? failures % 2 === 1 : failures < directTries || failures % 2 === 1;
  return direct ? { transport: "mqtts", host, port: agentPort } : { transport: "wss", host, port: Number(url.port || 443) };
}
