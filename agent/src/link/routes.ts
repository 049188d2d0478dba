// Which way to try next. Pure.
import type { Identity } from "../state/identity.ts";

export type Transport = "mqtts" | "wss";
export type Route = { transport: Transport; host: string; port: number };

/** MQTT's own port twice; where a firewall only lets the web out, turn about from then on. */
const directTries = 2;
/** Where it has worked before, a failure means that the hub is restarting, not that the port is closed: half a minute of patience. */
const directTriesWhenKnown = 6;

/** @param failures in a row. @param worked the best transport that has carried a link in this process. */
export function nextRoute(
  { hubUrl, agentPort }: Pick<Identity, "hubUrl" | "agentPort">,
  failures: number,
  worked: Transport | null,
): Route {
  const url = new URL(hubUrl);
  const host = url.hostname.replace(/^\[|\]$/g, ""); // an IPv6 address stands in brackets in a URL only
  const tries = worked === "mqtts" ? directTriesWhenKnown : worked === "wss" ? 0 : directTries;
  const direct = failures < tries || failures % 2 === 1;
  return direct ? { transport: "mqtts", host, port: agentPort } : { transport: "wss", host, port: Number(url.port || 443) };
}
