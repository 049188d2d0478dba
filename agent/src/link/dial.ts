// Opens the byte stream to the hub, TLS checked, by either transport. Does not speak MQTT.
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { Config } from "../config.ts";
import { timedOut } from "./explain.ts";
import { type HubTrust, hubTls } from "./hub-tls.ts";
import type { Route } from "./routes.ts";

/** `tls` is the connection under `stream`: a token is bound to it. They are the same for mqtts. */
export type Wire = { stream: Duplex; tls: tls.TLSSocket; transport: Route["transport"] };

/** Name and TCP; for WSS, the proxy's answer and the upgrade too, each. A slow mobile line needs about three seconds. */
const dialDeadlineMs = 10_000;
/** TLS. A hub to which a whole fleet comes back lets connections wait for their turn, for up to 25 s. */
const handshakeDeadlineMs = 30_000;

export async function dial(route: Route, trust: HubTrust, config: Config): Promise<Wire> {
  if (route.transport === "mqtts") {
    const socket = await openTls(route, trust, null);
    return { stream: socket, tls: socket, transport: "mqtts" };
  }
  const { openWebSocket } = await import("./dial-wss.ts"); // most agents never need it, so most never load it
  const proxy = config.proxyUrl !== null && !isException(route.host, config.proxyExceptions) ? config.proxyUrl : null;
  const socket = await openTls(route, trust, proxy === null ? null : await openTunnel(new URL(proxy), route));
  return { stream: await openWebSocket(route, socket, dialDeadlineMs), tls: socket, transport: "wss" };
}

/** @param through a tunnel that already reaches the hub, or null to dial. */
export function openTls(
  { host, port }: { host: string; port: number },
  trust: HubTrust,
  through: net.Socket | null,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ ...hubTls(trust), ...(through === null ? { host, port } : { socket: through }) });
    let timer = setTimeout(() => socket.destroy(timedOut()), through === null ? dialDeadlineMs : handshakeDeadlineMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(timedOut()), handshakeDeadlineMs);
    });
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      socket.setNoDelay(true); // a keystroke must not wait for the next one
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** HTTP CONNECT (RFC 9110 §9.3.6) through a proxy without a password. */
function openTunnel(proxy: URL, { host, port }: { host: string; port: number }): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const target = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
    const socket = net.connect({ host: proxy.hostname, port: Number(proxy.port || 80) });
    const timer = setTimeout(() => socket.destroy(timedOut()), dialDeadlineMs);
    let answer = "";
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString("latin1");
      if (answer.length > 8_192) socket.destroy(new Error(`the proxy ${proxy.host} answered no HTTP`));
      if (!answer.includes("\r\n\r\n")) return;
      clearTimeout(timer);
      socket.off("data", onData).off("error", reject);
      if (/^HTTP\/1\.[01] 200 /.test(answer)) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} refused ${target}: ${answer.split("\r\n")[0]}`));
      }
    };
    socket.once("connect", () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
    socket.on("data", onData);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

const isException = (host: string, exceptions: string[]): boolean =>
  exceptions.some(
    (entry) => entry === "*" || host === entry.replace(/^\./, "") || host.endsWith(entry.startsWith(".") ? entry : `.${entry}`),
  );
