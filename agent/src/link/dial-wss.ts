// MQTT's bytes inside a WebSocket, for networks that only let the web out. Loaded only when it is needed.
import type { Duplex } from "node:stream";
import type tls from "node:tls";
import { createWebSocketStream, WebSocket } from "ws";
import { timedOut } from "./explain.ts";

/** @param socket the checked TLS connection to the hub's web port. */
export function openWebSocket(
  { host, port }: { host: string; port: number },
  socket: tls.TLSSocket,
  deadlineMs: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`wss://${host.includes(":") ? `[${host}]` : host}:${port}/mqtt`, "mqtt", {
      createConnection: () => socket,
      perMessageDeflate: false, // bytes are bounded by credit, not by what they unpack to
    });
    const timer = setTimeout(() => {
      reject(timedOut());
      ws.terminate();
    }, deadlineMs);
    ws.once("open", () => {
      clearTimeout(timer);
      resolve(createWebSocketStream(ws));
    });
    ws.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
