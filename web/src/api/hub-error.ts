// What went wrong, in the hub's words: whatever was thrown, as one shape the console can show.

import type { AppRouter } from "@sallyport/hub/api/router";
import { TRPCClientError } from "@trpc/client";

export interface HubError {
  /** The hub's stable code, or one of ours: "unreachable", "unexpected". */
  code: string;
  /** The hub's public English sentence; shown when no translation exists for the code. */
  message: string;
  facts: Readonly<Record<string, string | number>>;
}

const isHubAnswer = (error: unknown): error is TRPCClientError<AppRouter> => error instanceof TRPCClientError;

/** A failure of our own making that already has the shape, thrown by {@link fetchFailed}. */
class ShapedError extends Error {
  readonly shape: HubError;
  constructor(shape: HubError) {
    super(shape.message);
    this.shape = shape;
  }
}

export function hubErrorOf(error: unknown): HubError {
  if (error instanceof ShapedError) return error.shape;
  const data = isHubAnswer(error) ? error.data : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (!data) return { code: "unreachable", message, facts: {} };
  return { code: data.hubCode || "unexpected", message, facts: data.facts };
}

/** A refusal that came as problem+json, outside of tRPC. @param body as it was parsed; null when it was no JSON. */
export function problemIn(response: Response, body: unknown): Error {
  const field = (name: string): unknown => (typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined);
  const code = field("code");
  const detail = field("detail");
  const facts = field("facts");
  if (typeof code !== "string") return fetchFailed(response);
  const known = typeof facts === "object" && facts !== null ? Object.entries(facts) : [];
  return new ShapedError({
    code,
    message: typeof detail === "string" ? detail : "",
    facts: Object.fromEntries(known.filter(([, value]) => typeof value === "string" || typeof value === "number")),
  });
}

export function fetchFailed(response: Response): Error {
  const byStatus: Record<number, string> = { 401: "not-signed-in", 403: "forbidden", 404: "not-found" };
  return new ShapedError({ code: byStatus[response.status] ?? "unexpected", message: `HTTP ${response.status}`, facts: {} });
}
