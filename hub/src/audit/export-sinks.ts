// Where events go outside of the database: a file, or a syslog receiver. A sink takes a batch or throws; what it did not take is offered again.
import dgram from "node:dgram";
import { open } from "node:fs/promises";
import net from "node:net";
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

/** One connection, each message with its length before it (RFC 6587 §3.4.1). A unix socket must be a stream. */
export class StreamSyslogSink implements ExportSink {
  readonly target: string;
  readonly doubtMs = doubtMs;
  readonly #hubId: string;
  readonly #to: net.NetConnectOpts;
  #socket: net.Socket | null = null;
  #lost = false;

  constructor(target: string, to: net.NetConnectOpts, hubId: string) {
    [this.target, this.#to, this.#hubId] = [target, to, hubId];
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

  #connect(): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.#to);
      const late = setTimeout(() => socket.destroy(new Error("the receiver does not answer")), stalledMs);
      socket.once("error", reject);
      socket.once("connect", () => {
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

/** @param address `udp://host:port`, `tcp://host:port` or `unix:/path`, as the configuration has checked it. */
export function syslogSink(address: string, hubId: string): ExportSink {
  if (address.startsWith("unix:")) return new StreamSyslogSink(address, { path: address.slice("unix:".length) }, hubId);
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port);
  return url.protocol === "udp:" ? new UdpSyslogSink(host, port, hubId) : new StreamSyslogSink(address, { host, port }, hubId);
}
