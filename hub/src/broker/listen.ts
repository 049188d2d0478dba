// The agents' own port: MQTT over TLS, nothing else.
import net from "node:net";
import tls from "node:tls";
import { HubError } from "../platform/errors.ts";
import type { HubKeys } from "../platform/hub-keys.ts";
import type { Broker } from "./broker.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** TLS 1.3, or 1.2 with authenticated encryption only. */
export const tlsOptions = {
  minVersion: "TLSv1.2" as const,
  ciphers:
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
  honorCipherOrder: true,
};

/** A handshake takes two round trips; a minute of silence is an attack. */
const handshakeTimeoutMs = 10_000;

export async function listenForAgents(
  broker: Broker,
  keys: HubKeys,
  { host, port }: { host: string; port: number },
): Promise<{ port: number; close(): void }> {
  const releases = new WeakMap<object, () => void>();
  const handshakes = tls.createServer({
    ...tlsOptions,
    key: keys.keyPem,
    cert: keys.certPem,
    handshakeTimeout: handshakeTimeoutMs,
  });
  handshakes.on("secureConnection", (socket) => {
    const address = socket.remoteAddress ?? "unknown";
    broker.admit(socket, { address, transport: "mqtts", tls: socket }, findRelease(releases, socket));
  });
  handshakes.on("tlsClientError", (_error, socket) => socket.destroy()); // scanners; after a handshake's timeout Node leaves it open
  const room = new WaitingRoom({ reserve: (address) => broker.reserve(address), perAddressMax: broker.perAddressMax });
  const server = net.createServer({ noDelay: true }, (socket) =>
    room.enter(socket, (release) => {
      releases.set(socket, release);
      socket.once("close", release);
      handshakes.emit("connection", socket);
    }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(portError(error, host, port, "--agent-port")));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    // Takes no more connections; those there are belong to the broker, which says goodbye to them.
    close: () => {
      server.close();
      room.close();
    },
  };
}

/** The TLS socket wraps the raw one, which holds the place. */
function findRelease(releases: WeakMap<object, () => void>, socket: tls.TLSSocket): () => void {
  const raw: unknown = Reflect.get(socket, "_parent");
  return (typeof raw === "object" && raw !== null ? releases.get(raw) : undefined) ?? (() => {});
}

/** A port that cannot be had, as a sentence. */
export function portError(error: NodeJS.ErrnoException, host: string, port: number, flag: string): HubError {
  if (error.code === "EADDRINUSE")
    return new HubError(
      "bad-config",
      `Port ${port} is already in use. Stop the program that uses it, or choose another with ${flag}.`,
      { cause: error },
    );
  if (error.code === "EACCES")
    return new HubError(
      "bad-config",
      `Port ${port} needs more rights than this account has. Choose one above 1023 with ${flag}.`,
      { cause: error },
    );
  if (error.code === "EADDRNOTAVAIL")
    return new HubError("bad-config", `The address ${host} is not one of this machine. Choose another with --host.`, {
      cause: error,
    });
  return new HubError("bad-config", `Cannot listen on ${host} port ${port}: ${error.message}.`, { cause: error });
}
