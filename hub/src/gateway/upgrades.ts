// WebSockets: the terminal socket for people, MQTT for agents that may only use 443. Everybody is checked before the upgrade is answered.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { packetBytesMax } from "@sallyport/protocol/limits";
import { dialSubprotocol, terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { Actor } from "../identity/actor.ts";
import { databaseAway } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { serveDialSocket } from "./dial-socket.ts";
import { serveTerminalSocket, type TerminalSocketDeps } from "./terminal-socket.ts";

export type UpgradeDeps = {
  terminal: TerminalSocketDeps;
  actorOf(request: IncomingMessage): Promise<Actor | null>;
  assertOwnOrigin(request: IncomingMessage): void;
  /** A place among connections that have not signed in; null when there is none. */
  reserve(address: string): (() => void) | null;
  admit(socket: Duplex, from: { address: string; transport: "wss"; tls: TLSSocket }, release: () => void): void;
};

/** One message of a dial; a slice. */
const dialMessageBytesMax = 64 * 1024;

/** One message of a terminal: input of at most the window, or a short control message. */
const terminalMessageBytesMax = 128 * 1024;

export function createUpgrades(deps: UpgradeDeps): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const terminals = new WebSocketServer({
    noServer: true,
    maxPayload: terminalMessageBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => terminalSubprotocol,
  });
  const dials = new WebSocketServer({
    noServer: true,
    maxPayload: dialMessageBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => dialSubprotocol,
  });
  const agents = new WebSocketServer({
    noServer: true,
    maxPayload: packetBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => "mqtt",
  });

  const personOf = async (request: IncomingMessage, offered: string[], subprotocol: string): Promise<Actor> => {
    deps.assertOwnOrigin(request);
    const actor = await deps.actorOf(request);
    if (actor === null) throw new HubError("not-signed-in", "Sign in first, or send an access key.");
    if (!offered.includes(subprotocol)) throw new HubError("bad-input", `The subprotocol must be ${subprotocol}.`);
    return actor;
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    if (!URL.canParse(request.url ?? "/", "http://hub")) throw new HubError("bad-input", "The request's path cannot be read.");
    const { pathname } = new URL(request.url ?? "/", "http://hub");
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (pathname === "/ws/terminal") {
      const actor = await personOf(request, offered, terminalSubprotocol);
      terminals.handleUpgrade(request, socket, head, (client) =>
        serveTerminalSocket(deps.terminal, client, actor, async () => (await deps.actorOf(request)) !== null),
      );
      return;
    }
    if (pathname === "/ws/dial") {
      const actor = await personOf(request, offered, dialSubprotocol);
      dials.handleUpgrade(request, socket, head, (client) =>
        serveDialSocket(deps.terminal.sessions, client, actor, async () => (await deps.actorOf(request)) !== null),
      );
      return;
    }
    if (pathname === "/mqtt") {
      const address = request.socket.remoteAddress ?? "";
      // Agents check the hub's own certificate, so their TLS ends here or nowhere.
      const tls = request.socket;
      if (!(tls instanceof TLSSocket) || !offered.includes("mqtt"))
        throw new HubError("bad-input", "Agents link over TLS with the subprotocol mqtt.");
      const release = deps.reserve(address);
      if (release === null) throw new HubError("too-many", "Too many connections that have not signed in.");
      socket.once("close", release);
      agents.handleUpgrade(request, socket, head, (client) => {
        deps.admit(createWebSocketStream(client), { address, transport: "wss", tls }, release);
      });
      return;
    }
    throw new HubError("not-found", "No WebSocket here.");
  };

  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      const status = error instanceof HubError ? error.status : (databaseAway(error)?.status ?? 500);
      socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    });
  };
}
