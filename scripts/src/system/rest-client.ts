// The REST API as another system uses it: an access key, JSON, problem+json. Only what tests and measurements need.
import { until } from "./until.ts";

export type Asset = { id: string; name: string; agentId: string; online: boolean };
export type Agent = { id: string; name: string; state: string; transport: string | null };
export type Execution = {
  id: string;
  assetId: string;
  state: string;
  exitCode: number | null;
  signal: string | null;
  reason: string | null;
};
export type Run = { id: string; state: string; executions: Execution[] };
export type Session = { id: string; state: string; endReason: string | null; exitCode: number | null; outputBytes: number };
export type EnrolmentToken = { token: string; command: string; unprivilegedCommand?: string; expiresAt: string };
export type NewRun = {
  assetIds: string[];
  script: string;
  interpreter: string;
  args?: string[];
  env?: Record<string, string>;
  timeoutSeconds?: number;
  title?: string;
  /** As whom on neighbours. */
  account?: string;
};

type Page<T> = { items: T[] };

/** An answer other than success, with the hub's code. */
export class RestError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, problem: { code?: string; detail?: string }) {
    super(`${status} ${problem.code ?? ""}: ${problem.detail ?? ""}`);
    this.status = status;
    this.code = problem.code ?? "";
  }
}

export class RestClient {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Shapes are those of the hub's OpenAPI document; a caller states which one it expects. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, body);
    const answer: unknown = await response.json();
    if (!response.ok) throw new RestError(response.status, answer as { code?: string; detail?: string });
    return answer as T;
  }

  assets = async () => (await this.json<Page<Asset>>("GET", "/assets")).items;
  agents = async () => (await this.json<Page<Agent>>("GET", "/agents")).items;
  sessions = async () => (await this.json<Page<Session>>("GET", "/sessions")).items;
  run = (id: string) => this.json<Run>("GET", `/runs/${id}`);
  startRun = async (run: NewRun) => (await this.json<{ id: string }>("POST", "/runs", run)).id;
  stopRun = (id: string) => this.json<unknown>("POST", `/runs/${id}/stop`, {});
  enrolmentToken = (options: { hubUrl?: string; name?: string } = {}) =>
    this.json<EnrolmentToken>("POST", "/enrolment-tokens", options);
  revokeAgent = (id: string, reason: string) => this.json<unknown>("POST", `/agents/${id}/revoke`, { reason });

  async output(executionId: string, channel: "stdout" | "stderr"): Promise<Buffer> {
    const response = await this.request("GET", `/executions/${executionId}/${channel}`);
    if (!response.ok) throw new RestError(response.status, {});
    return Buffer.from(await response.arrayBuffer());
  }

  finishedRun(id: string, options: { deadlineMs?: number; everyMs?: number } = {}): Promise<Run> {
    return until(
      `run ${id} finished`,
      async () => {
        const run = await this.run(id);
        return run.state === "finished" ? run : null;
      },
      { deadlineMs: 60_000, ...options },
    );
  }

  onlineAsset(name?: string): Promise<Asset> {
    return until(
      `asset ${name ?? ""} online`,
      async () => (await this.assets()).find((asset) => asset.online && (name === undefined || asset.name === name)) ?? null,
    );
  }
}
