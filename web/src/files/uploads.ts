// Files on their way to the hub, in pieces. They go on while one looks at other pages; after a reload the hub knows how far they came, and the same
// file chosen again goes on from there.
import type { AppRouter } from "@sallyport/hub/api/router";
import type { TRPCClient } from "@trpc/client";
import { fetchFailed, type HubError, hubErrorOf, problemIn } from "../api/hub-error.ts";
import type { Inputs } from "../api/types.ts";
import { Store } from "../state/store.ts";

export interface Upload {
  id: string;
  file: File;
  sentBytes: number;
  /** `checking`: the hub reads all of it once more, for its hash. */
  state: "sending" | "waiting" | "checking" | "paused" | "failed";
  failure: HubError | null;
}

/** A piece that is cut costs at most so much again, and is through in a minute on a line of a megabit. */
const pieceBytes = 8 * 1024 * 1024;
const retryMs = { first: 1_000, last: 30_000 };

export const uploads = new Store<ReadonlyMap<string, Upload>>(new Map());
const leaving = new Map<string, AbortController>();

function note(id: string, parts: Partial<Upload>): void {
  const upload = uploads.get().get(id);
  if (upload !== undefined) uploads.set(new Map(uploads.get()).set(id, { ...upload, ...parts }));
}

function forget(id: string): void {
  const left = new Map(uploads.get());
  left.delete(id);
  uploads.set(left);
}

/** @throws what the hub says when it takes no file of this name or size. */
export async function beginUpload(
  client: TRPCClient<AppRouter>,
  file: File,
  visibility: Inputs["files"]["begin"]["visibility"],
): Promise<void> {
  const { id } = await client.files.begin.mutate({ name: file.name, sizeBytes: file.size, visibility });
  void send(client, id, file, 0);
}

/** The file must be the one it was begun with. @throws what the hub says when it knows nothing of it. */
export async function resumeUpload(client: TRPCClient<AppRouter>, id: string, file: File): Promise<void> {
  const { storedBytes } = await client.files.get.query({ id });
  void send(client, id, file, storedBytes);
}

/** What was sent stays with the hub. */
export function pauseUpload(id: string): void {
  leaving.get(id)?.abort();
}

/** @throws what the hub says. */
export async function cancelUpload(client: TRPCClient<AppRouter>, id: string): Promise<void> {
  leaving.get(id)?.abort();
  forget(id);
  await client.files.remove.mutate({ id });
}

async function send(client: TRPCClient<AppRouter>, id: string, file: File, from: number): Promise<void> {
  const leave = new AbortController();
  leaving.get(id)?.abort();
  leaving.set(id, leave);
  const upload = { id, file, sentBytes: from, state: "sending" as const, failure: null };
  uploads.set(new Map(uploads.get()).set(id, upload));
  try {
    await sendPieces(id, file, from, leave.signal);
    note(id, { state: "checking" });
    await client.files.finish.mutate({ id }, { signal: leave.signal });
    forget(id);
  } catch (error) {
    if (leave.signal.aborted) note(id, { state: "paused" });
    else note(id, { state: "failed", failure: hubErrorOf(error) });
  } finally {
    if (leaving.get(id) === leave) leaving.delete(id);
  }
}

async function sendPieces(id: string, file: File, from: number, signal: AbortSignal): Promise<void> {
  let offset = from;
  let pauseMs = retryMs.first;
  while (offset < file.size) {
    const before = offset;
    try {
      offset = await sendPiece(id, offset, file.slice(offset, offset + pieceBytes), signal);
      note(id, { sentBytes: offset, state: "sending" });
    } catch (error) {
      const { code, facts } = hubErrorOf(error);
      const { offset: next } = facts;
      if (code === "wrong-offset" && typeof next === "number") offset = next;
      else if (signal.aborted || !(code === "unreachable" || code === "storage-full" || code === "unavailable")) throw error;
    }
    if (offset > before) {
      pauseMs = retryMs.first;
      continue;
    }
    note(id, { sentBytes: offset, state: "waiting" });
    await rest(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, retryMs.last);
  }
}

/** Where the next piece belongs. */
async function sendPiece(id: string, offset: number, piece: Blob, signal: AbortSignal): Promise<number> {
  const response = await fetch(`/api/v1/files/${id}/content?offset=${offset}`, { method: "PUT", body: piece, signal });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemIn(response, answer);
  const next: unknown = typeof answer === "object" && answer !== null ? Reflect.get(answer, "offset") : null;
  if (typeof next !== "number") throw fetchFailed(response);
  return next;
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
