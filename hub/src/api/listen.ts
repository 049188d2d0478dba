// The console's port. One port speaks TLS to everybody and plain HTTP to this machine only: the first byte tells which.
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { hubServerName } from "@sallyport/protocol/hub-name";
import type { HubError } from "../platform/errors.ts";
import type { HubKeys } from "../platform/hub-keys.ts";
import type { HttpHandler } from "./http.ts";

export type ConsoleListener = { port: number; close(): Promise<void> };
export type ListenOptions = {
  host: string;
  port: number;
  keys: HubKeys;
  /** The operator's own certificate for the console; agents are still shown the hub's. */
  certificate: { cert: string; key: string } | null;
  tlsOptions: tls.SecureContextOptions & { honorCipherOrder: boolean };
  handler: HttpHandler;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  portError(error: NodeJS.ErrnoException): HubError;
};

/** First byte of a TLS record that carries a ClientHello (RFC 8446 §5.1). */
const tlsHandshake = 0x16;
/** A connection that says nothing is not a browser. */
const firstByteMs = 10_000;
/**
 * How long a connection without a request is kept. Whoever reads a page for a minute goes on without shaking hands anew; and a reverse proxy, which keeps
 * its own for 60 s (the default of nginx' `keepalive_timeout` and of common load balancers), never sends a request into one that closes.
 */
const idleMs = 75_000;

export async function listenForConsole(options: ListenOptions): Promise<ConsoleListener> {
  const { keys, certificate } = options;
  const own = tls.createSecureContext({ ...options.tlsOptions, key: keys.keyPem, cert: keys.certPem });
  const agentName = hubServerName(keys.hubId);
  const secure = https.createServer({
    ...options.tlsOptions,
    ...(certificate === null ? { key: keys.keyPem, cert: keys.certPem } : certificate),
    // An agent asks for the hub by its internal name and checks the hub's own certificate, whatever people are shown.
    SNICallback: certificate === null ? undefined : (name, done) => done(null, name === agentName ? own : undefined),
  } as https.ServerOptions);
  const plain = http.createServer();
  const toHttps = http.createServer((request, response) => {
    response
      .writeHead(308, { location: `https://${request.headers.host ?? ""}${request.url ?? "/"}`, "content-type": "text/plain" })
      .end("This hub speaks HTTPS to other machines.\n");
  });
  for (const server of [secure, plain]) {
    server.on("request", options.handler);
    server.on("upgrade", options.upgrade);
    server.requestTimeout = 60_000;
    server.headersTimeout = 20_000;
    server.keepAliveTimeout = idleMs;
    server.maxHeadersCount = 100;
  }
  secure.on("tlsClientError", () => {}); // scanners and refused certificates

  const sockets = new Set<net.Socket>();
  // A keystroke is one small packet: it must not wait for the answer to the last one.
  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(firstByteMs, () => socket.destroy());
    socket.once("data", (first) => {
      socket.setTimeout(0);
      socket.pause();
      socket.unshift(first);
      const server = first[0] === tlsHandshake ? secure : isLoopback(socket.remoteAddress) ? plain : toHttps;
      server.emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", (error: NodeJS.ErrnoException) => reject(options.portError(error)));
    listener.listen({ host: options.host, port: options.port }, resolve);
  });
  const address = listener.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

const isLoopback = (address: string | undefined): boolean => address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
