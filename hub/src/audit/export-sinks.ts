// Where events go outside of the database: a file, or a syslog receiver. A sink takes a batch or throws; what it did not take is offered again.
import dgram from "node:dgram";
import { open, readFile } from "node:fs/promises";
import net from "node:net";
import tls from "node:tls";
import { jsonOf, syslogOf } from "./export-format.ts";
import type { AuditRow } from "./schema.ts";

export interface ExportSink {
  /** Names the sink in the table of cursors; no secret is in it. */
  readonly target: string;
  /** How long after a batch a failure may still mean that it was lost; 0 when taken means durable. Milliseconds. */
  readonly doubtMs: number;
  /** Whether what was taken lately may have been lost; asked before each batch, and then no more. */
  lostSome(): boolean;
  take(rows: readonly AuditRow[]): Promise<void>;
  close(): void;
}

/** A connection that stands still for this long is given up: the table keeps what waits. */
const stalledMs = 10_000;
/** A reset follows a lost write within a round trip or two. */
const doubtMs = 3_000;

/** JSON lines, fsynced. Opened for each batch, so that whoever rotates it needs to tell nobody. */
export class FileSink implements ExportSink {
  readonly target: string;
  readonly doubtMs = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.target = `file:${file}`;
  }

  lostSome(): boolean {
    return false;
  }

  async take(rows: readonly AuditRow[]): Promise<void> {
    const handle = await open(this.#file, "a", 0o600);
    try {
      await handle.writeFile(rows.map((row) => `${jsonOf(row)}\n`).join(""));
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  close(): void {}
}

/** One datagram an event. Nobody answers, so nobody knows what arrived: for a receiver on the same machine or wire. */
export class UdpSyslogSink implements ExportSink {
  readonly target: string;
  readonly doubtMs = 0;
  readonly #hubId: string;
  readonly #host: string;
  readonly #port: number;

  constructor(host: string, port: number, hubId: string) {
    [this.#host, this.#port, this.#hubId] = [host, port, hubId];
    this.target = `udp://${host}:${port}`;
  }

  lostSome(): boolean {
    return false;
  }

  async take(rows: readonly AuditRow[]): Promise<void> {
    const socket = dgram.createSocket(net.isIPv6(this.#host) ? "udp6" : "udp4");
    try {
      for (const row of rows)
        await new Promise<void>((resolve, reject) =>
          socket.send(syslogOf(row, this.#hubId), this.#port, this.#host, (error) =>
            error === null ? resolve() : reject(error),
          ),
        );
    } finally {
      socket.close();
    }
  }

  close(): void {}
}

/** A connection that is being made, and the event after which it takes messages. */
type Dialling = { socket: net.Socket; ready: "connect" | "secureConnect" };

const plainly = (to: net.NetConnectOpts) => async (): Promise<Dialling> => ({ socket: net.connect(to), ready: "connect" });

/**
 * RFC 5425. The receiver shows a certificate for the name or address that is dialled, signed by the authority in the file, or by one that Node
 * knows where there is no file. The file is read for each connection: a renewed authority needs no restart.
 */
const overTls =
  ({ host, port, caFile }: { host: string; port: number; caFile: string | undefined }) =>
  async (): Promise<Dialling> => {
    const ca = caFile === undefined ? {} : { ca: await readFile(caFile) };
    const name = net.isIP(host) === 0 ? { servername: host } : {};
    return { socket: tls.connect({ host, port, minVersion: "TLSv1.2", ...name, ...ca }), ready: "secureConnect" };
  };

/** Between tries after one failed: the first again at once, since most receivers only restart; one that stays away is not knocked at each second. */
const pausesMs = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];

/** One connection, each message with its length before it (RFC 6587 §3.4.1, RFC 5425 §4.3). A unix socket must be a stream. */
export class StreamSyslogSink implements ExportSink {
  readonly target: string;
  readonly doubtMs = doubtMs;
  readonly #hubId: string;
  readonly #dial: () => Promise<Dialling>;
  readonly #monotonicMs: () => number;
  #socket: net.Socket | null = null;
  #lost = false;
  /** Tries that failed since the last connection, and why the last of them did. */
  #failures = 0;
  #failure: unknown = null;
  #notBeforeMs = 0;

  constructor(
    target: string,
    dial: () => Promise<Dialling>,
    { hubId, monotonicMs }: { hubId: string; monotonicMs: () => number },
  ) {
    [this.target, this.#dial, this.#hubId, this.#monotonicMs] = [target, dial, hubId, monotonicMs];
  }

  lostSome(): boolean {
    const lost = this.#lost;
    this.#lost = false;
    return lost;
  }

  async take(rows: readonly AuditRow[]): Promise<void> {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    const bytes = Buffer.concat(
      rows.flatMap((row) => {
        const message = syslogOf(row, this.#hubId);
        return [Buffer.from(`${message.length} `), message];
      }),
    );
    await new Promise<void>((resolve, reject) => {
      const stalled = setTimeout(
        () => socket.destroy(new Error(`the receiver took nothing for ${stalledMs / 1_000} s`)),
        stalledMs,
      );
      socket.write(bytes, (error) => {
        clearTimeout(stalled);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  /** Within a pause it fails as the last try did. */
  async #connect(): Promise<net.Socket> {
    if (this.#failures > 0 && this.#monotonicMs() < this.#notBeforeMs) throw this.#failure;
    try {
      const socket = await this.#connected(await this.#dial());
      this.#failures = 0;
      return socket;
    } catch (error) {
      const pauseMs = pausesMs[Math.min(this.#failures, pausesMs.length - 1)] ?? 0;
      this.#failures += 1;
      this.#failure = error;
      this.#notBeforeMs = this.#monotonicMs() + pauseMs;
      throw error;
    }
  }

  #connected({ socket, ready }: Dialling): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => socket.destroy(new Error("the receiver does not answer")), stalledMs);
      socket.once("error", reject);
      socket.once(ready, () => {
        clearTimeout(late);
        socket.off("error", reject);
        socket.on("error", () => {}); // the close that follows says it
        socket.resume(); // receivers say nothing; one that does must not fill our memory
        socket.once("close", () => {
          if (this.#socket !== socket) return;
          this.#socket = null;
          this.#lost = true;
        });
        resolve(socket);
      });
      socket.once("close", () => clearTimeout(late));
    });
  }
}

/** Where syslog over TLS listens unless told otherwise (RFC 5425 §4.1). */
const tlsPort = 6_514;

export type SyslogOptions = {
  hubId: string;
  /** PEM file of the authority that signs a TLS receiver's certificate; those that Node knows when undefined. */
  caFile?: string | undefined;
  monotonicMs?: () => number;
};

/** @param address `udp://host:port`, `tcp://host:port`, `tls://host` with a port or without, or `unix:/path`, as the configuration has checked it. */
export function syslogSink(address: string, { hubId, caFile, monotonicMs = () => performance.now() }: SyslogOptions): ExportSink {
  const stream = (dial: () => Promise<Dialling>) => new StreamSyslogSink(address, dial, { hubId, monotonicMs });
  if (address.startsWith("unix:")) return stream(plainly({ path: address.slice("unix:".length) }));
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "tls:") return stream(overTls({ host, port: Number(url.port || tlsPort), caFile }));
  const port = Number(url.port);
  return url.protocol === "udp:" ? new UdpSyslogSink(host, port, hubId) : stream(plainly({ host, port }));
}
