// HTTP as it is written, for what fetch would tidy up: paths with dots, odd headers, another source address.
import http from "node:http";
import WebSocket from "ws";

export type RawAnswer = { status: number; headers: http.IncomingHttpHeaders; body: string; bytes: Buffer };
export type RawRequest = {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** 127.0.0.2 and on: a stranger from elsewhere, as far as this machine goes. */
  from?: string;
};

export function rawHttp(url: string, { method = "GET", path, headers = {}, body, from }: RawRequest): Promise<RawAnswer> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: {
          host: `localhost:${port}`,
          ...headers,
          ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        },
        agent: false,
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(parts);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString(), bytes });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** The status an upgrade is answered with: 101 when it was taken, and the socket then. */
export function upgrade(
  url: string,
  path: string,
  { protocols = [], headers = {} }: { protocols?: string[]; headers?: Record<string, string> },
): Promise<{ status: number; socket: WebSocket | null }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, protocols, { headers });
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, socket: null });
    });
    socket.on("open", () => resolve({ status: 101, socket }));
    socket.on("error", reject);
  });
}
