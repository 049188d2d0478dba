// Replay: what the player asks of a recording. Index, segments, keyframes and the asciicast; all from the log, in ranges.
import { StringDecoder } from "node:string_decoder";
import { decodeResize, encodeLogEvent, logEventKinds } from "@sallyport/protocol/log-events";
import type { ChunkRef, LogFile } from "../logs/log-file.ts";

/** Output in one fetch of the player. */
const segmentBytes = 256 * 1024;
/** Bars of the activity strip. */
const activityBuckets = 200;

export type Segment = { n: number; fromMs: number; toMs: number; fromOffset: number; toOffset: number; bytes: number };

/** Whole chunks, gathered up to a segment's size. */
function spansOf(chunks: readonly ChunkRef[]): { first: number; last: number }[] {
  const spans: { first: number; last: number }[] = [];
  let first = 0;
  let bytes = 0;
  chunks.forEach((chunk, n) => {
    if (n > first && bytes + chunk.payloadBytes > segmentBytes) {
      spans.push({ first, last: n - 1 });
      first = n;
      bytes = 0;
    }
    bytes += chunk.payloadBytes;
  });
  if (chunks.length > 0) spans.push({ first, last: chunks.length - 1 });
  return spans;
}

export function replayIndex(log: LogFile): { segments: Segment[]; activity: number[] } {
  const segments = spansOf(log.chunks).flatMap(({ first, last }, n): Segment[] => {
    const [from, to] = [log.chunks[first], log.chunks[last]];
    if (from === undefined || to === undefined) return [];
    const toOffset = to.output.offset + to.output.bytes;
    return [
      {
        n,
        fromMs: from.firstMs,
        toMs: to.lastMs,
        fromOffset: from.output.offset,
        toOffset,
        bytes: toOffset - from.output.offset,
      },
    ];
  });
  const activity = new Array<number>(activityBuckets).fill(0);
  const bucketMs = Math.max(1, log.durationMs / activityBuckets);
  for (const chunk of log.chunks) {
    const bucket = Math.min(activityBuckets - 1, Math.floor(chunk.firstMs / bucketMs));
    activity[bucket] = (activity[bucket] ?? 0) + chunk.output.bytes;
  }
  return { segments, activity };
}

/** The events of one segment as LogEvent records. Null when there is no such segment. */
export async function replaySegment(log: LogFile, n: number): Promise<Buffer | null> {
  const span = spansOf(log.chunks)[n];
  if (span === undefined) return null;
  const records: Uint8Array[] = [];
  for (let chunk = span.first; chunk <= span.last; chunk++)
    for (const event of await log.events(chunk)) records.push(encodeLogEvent(event));
  return Buffer.concat(records);
}

/** The whole recording as asciicast v2, a chunk's lines at a time (docs.asciinema.org/manual/asciicast/v2). */
export async function* asciicast(log: LogFile, title: string): AsyncGenerator<string> {
  const { columns, rows, startedAt } = log.header;
  yield `${JSON.stringify({ version: 2, width: columns, height: rows, timestamp: Math.floor(Date.parse(startedAt) / 1_000), title, env: { TERM: "xterm-256color" } })}\n`;
  const decoder = new StringDecoder("utf8"); // a character may be cut between two events
  for (let n = 0; n < log.chunks.length; n++) {
    let lines = "";
    for (const event of await log.events(n)) {
      const seconds = event.atMs / 1_000;
      if (event.kind === logEventKinds.output) {
        const text = decoder.write(Buffer.from(event.data.buffer, event.data.byteOffset, event.data.length));
        if (text !== "") lines += `${JSON.stringify([seconds, "o", text])}\n`;
      } else if (event.kind === logEventKinds.resize) {
        const { columns: width, rows: height } = decodeResize(event.data);
        lines += `${JSON.stringify([seconds, "r", `${width}x${height}`])}\n`;
      }
    }
    if (lines !== "") yield lines;
  }
}
