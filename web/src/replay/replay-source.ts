// Fetches what a recording is made of: index, segments, keyframes. Keeps the segments that were read last.
import { decodeLogEvents, type LogEvent } from "@sallyport/protocol/log-events";
import * as z from "zod/mini";
import { fetchFailed } from "../api/hub-error.ts";
import type { ReplayIndex, ReplaySegment } from "./seek-plan.ts";

const indexShape = z.object({
  live: z.boolean(),
  cols: z.number(),
  rows: z.number(),
  startedAt: z.string(),
  durationMs: z.number(),
  outputBytes: z.number(),
  segments: z.array(
    z.object({
      n: z.number(),
      fromMs: z.number(),
      toMs: z.number(),
      fromOffset: z.number(),
      toOffset: z.number(),
      bytes: z.number(),
    }),
  ),
  keyframes: z.array(z.object({ offset: z.number(), atMs: z.number() })),
  activity: z.array(z.number()),
});

/** Enough to seek back and forth without fetching again: 8 MiB at most. */
const segmentsKept = 32;

export interface Keyframe {
  cols: number;
  rows: number;
  screen: string;
}

export class ReplaySource {
  readonly #base: string;
  readonly #segments = new Map<string, Promise<LogEvent[]>>();

  constructor(sessionId: string) {
    this.#base = `/api/v1/sessions/${encodeURIComponent(sessionId)}/replay`;
  }

  async index(): Promise<ReplayIndex> {
    const response = await this.#get("index");
    return indexShape.parse(await response.json());
  }

  /** The events of a segment. The last one of a live session grows, so its end is part of what names it. */
  segment({ n, toOffset, toMs }: ReplaySegment): Promise<LogEvent[]> {
    const key = `${n}/${toOffset}/${toMs}`;
    const present = this.#segments.get(key);
    if (present !== undefined) return present;
    const loading = this.#get(`segment?n=${n}`)
      .then((response) => response.arrayBuffer())
      .then((bytes) => decodeLogEvents(new Uint8Array(bytes)));
    loading.catch(() => this.#segments.delete(key));
    this.#segments.set(key, loading);
    const oldest = this.#segments.keys().next().value;
    if (this.#segments.size > segmentsKept && oldest !== undefined) this.#segments.delete(oldest);
    return loading;
  }

  async keyframe(offset: number): Promise<Keyframe> {
    const response = await this.#get(`keyframe?offset=${offset}`);
    const size = (header: string) => Number(response.headers.get(header));
    return { cols: size("x-cols"), rows: size("x-rows"), screen: await response.text() };
  }

  async #get(path: string): Promise<Response> {
    const response = await fetch(`${this.#base}/${path}`);
    if (!response.ok) throw fetchFailed(response);
    return response;
  }
}
