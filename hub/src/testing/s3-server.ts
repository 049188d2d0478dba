// A real S3-speaking server on loopback, which checks signatures (S3rver, from npm): its objects are files that a test can look at and damage.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import type { S3Options } from "../logs/s3-store.ts";

/** The part used here; the package has no types. */
type Running = {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
  callback(): unknown;
  httpServer: { on(event: "request", listener: (request: { method: string }) => void): void; closeAllConnections(): void };
};
const S3rver: new (options: object) => Running = createRequire(import.meta.url)("@20minutes/s3rver");

const bucket = "recordings";

export class S3Server {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-s3-"));
  /** Requests since the start, by method. */
  readonly requests: string[] = [];
  #server: Running | null = null;
  #port = 0;

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    await server.start();
    return server;
  }

  /** Again on the same port, with what it had. */
  async start(): Promise<void> {
    this.#server = new S3rver({
      address: "127.0.0.1",
      port: this.#port,
      silent: true,
      directory: this.folder,
      configureBuckets: [{ name: bucket }],
    });
    this.#port = (await this.#server.run()).port;
    this.#server.httpServer.on("request", ({ method }) => this.requests.push(method));
  }

  async stop(): Promise<void> {
    this.#server?.httpServer.closeAllConnections();
    await this.#server?.close();
    this.#server = null;
  }

  get options(): S3Options {
    // The server's one account, as its package ships it.
    const account = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
    return { endpoint: `http://127.0.0.1:${this.#port}`, region: "us-east-1", bucket, prefix: "hub/", ...account };
  }

  fileOf(id: string): string {
    return path.join(this.folder, bucket, "hub", id.slice(0, 8), `${id}.log._S3rver_object`);
  }

  /** Names of all logs. */
  get objects(): string[] {
    return readdirSync(path.join(this.folder, bucket), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith("._S3rver_object"))
      .map((name) => name.slice(0, -"._S3rver_object".length))
      .filter((name) => name.endsWith(".log"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
