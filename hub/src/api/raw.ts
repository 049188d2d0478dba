// What is served or taken as bytes rather than JSON: output of executions and kept files with ranges, recordings, what the player fetches, and pieces
// of uploads.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { authorize } from "../access/authorize.ts";
import { exportAssets } from "../assets/assets-csv.ts";
import { protocolNamed } from "../assets/input.ts";
import { csvHead, csvOf } from "../audit/audit-csv.ts";
import { walkAuditEvents } from "../audit/audit-events.ts";
import { exportAudit } from "../audit/input.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { archiveChannel, artefactLogOf } from "../automation/artefact-log.ts";
import { openLogOf } from "../automation/read-output.ts";
import { visibleExecution, visibleRun } from "../automation/runs.ts";
import { answerCsv } from "../databases/shell/last-answers.ts";
import { findFile } from "../files/files.ts";
import { pieceOffset } from "../files/input.ts";
import { subjectOf, takePiece } from "../files/upload-file.ts";
import { type Actor, assertMay, assertWhole, auditActor, may } from "../identity/actor.ts";
import { exportPeople } from "../identity/people-csv.ts";
import type { Channel, LogFile } from "../logs/log-file.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { reviewCsv } from "../reviews/review-csv.ts";
import { findReview, listLines } from "../reviews/reviews.ts";
import { asciicast, replayIndex, replaySegment } from "../sessions/replay.ts";
import { findSession, type SessionWithNames } from "../sessions/sessions.ts";
import type { ApiDeps } from "./deps.ts";

type Handler = (
  hub: ApiDeps,
  actor: Actor,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => Promise<void>;

const fileContent = /^\/files\/([a-z0-9_]{1,64})\/content$/;

const handlers: [RegExp, Handler][] = [
  [/^\/sessions\/([a-z0-9_]{1,64})\/last-answer\.csv$/, sendLastAnswer],
  [fileContent, sendFile],
  [
    /^\/executions\/([a-z0-9_]{1,64})\/stdout$/,
    (hub, actor, id, request, response) => sendOutput(hub, actor, id, "output", request, response),
  ],
  [
    /^\/executions\/([a-z0-9_]{1,64})\/stderr$/,
    (hub, actor, id, request, response) => sendOutput(hub, actor, id, "stderr", request, response),
  ],
  [/^\/executions\/([a-z0-9_]{1,64})\/artefacts$/, sendArtefacts],
  [/^\/sessions\/([a-z0-9_]{1,64})\/recording\.cast$/, sendCast],
  [/^\/sessions\/([a-z0-9_]{1,64})\/replay\/index$/, sendIndex],
  [/^\/sessions\/([a-z0-9_]{1,64})\/replay\/segment$/, sendSegment],
  [/^\/sessions\/([a-z0-9_]{1,64})\/replay\/keyframe$/, sendKeyframe],
  [/^\/audit\/(events)\.csv$/, sendAudit],
  [/^\/(people)\.csv$/, sendRows],
  [/^\/(assets)\.csv$/, sendRows],
  [/^\/access-reviews\/([a-z0-9_]{1,64})\.csv$/, sendReview],
];

/** False when the path is none of these. The caller has checked who asks. @throws HubError. */
export async function serveRaw(
  hub: ApiDeps,
  actor: Actor,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<boolean> {
  const uploadId = request.method === "PUT" ? fileContent.exec(path)?.[1] : undefined;
  if (uploadId !== undefined) {
    assertWhole(actor);
    const offset = await takePiece(hub.files, actor, uploadId, pieceOffset.parse(query.get("offset") ?? undefined), request);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ offset }));
    return true;
  }
  for (const [pattern, handler] of handlers) {
    const id = pattern.exec(path)?.[1];
    if (id === undefined) continue;
    assertWhole(actor);
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new HubError("bad-input", "Only GET is served here.", { facts: { fields: "method" } });
    response.setHeader("cache-control", "private, no-store");
    await handler(hub, actor, id, request, response, query);
    return true;
  }
  return false;
}

/** Bounded by what a review may hold. */
const reviewLinesMax = 10_000;

async function sendReview(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { db, clock } = hub.reviews;
  const { review } = await findReview(db, actor, id);
  const { rows } = await listLines(db, { id, limit: reviewLinesMax }, clock.now());
  if (request.method === "GET")
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "access-review.exported",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind: "access-review", id, name: review.name },
        ip: actor.ip,
        data: { lines: rows.length },
      }),
    );
  response.writeHead(200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": `attachment; filename="access-review.csv"`,
  });
  response.end(request.method === "HEAD" ? undefined : reviewCsv(rows));
}

async function sendOutput(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  channel: Channel,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const execution = await visibleExecution(hub.automation.db, actor, id);
  const log = await openLogOf(hub.automation, execution);
  try {
    const name = `${id}.${channel === "output" ? "stdout" : "stderr"}`;
    const { from, to } = headOfBytes(request, response, name, log?.bytesOf(channel) ?? 0);
    if (request.method === "HEAD" || log === null) response.end();
    else await pipeline(Readable.from(log.bytes(channel, from, to), { objectMode: false }), response);
  } finally {
    await log?.close();
  }
}

/** On record before the first byte leaves. An archive that is still coming is none yet. */
async function sendArtefacts(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { db, store } = hub.automation;
  const { runId, state, artefacts } = await visibleExecution(db, actor, id);
  if (state !== "finished" || artefacts === null || artefacts.bytes === 0 || !store.exists(artefactLogOf(id)))
    throw notFound("artefacts");
  const { run } = await visibleRun(db, actor, runId);
  const log = await store.open(artefactLogOf(id));
  try {
    const bytes = log.bytesOf(archiveChannel);
    if (request.method === "GET")
      await db.transaction((tx) =>
        recordAudit(tx, {
          kind: "run.artefacts-downloaded",
          orgId: actor.orgId,
          actor: auditActor(actor),
          subject: { kind: "run", id: runId, name: run.title },
          ip: actor.ip,
          data: { executionId: id, bytes },
        }),
      );
    const { from, to } = headOfBytes(request, response, `${id}.tar`, bytes);
    if (request.method === "HEAD") response.end();
    else await pipeline(Readable.from(log.bytes(archiveChannel, from, to), { objectMode: false }), response);
  } finally {
    await log.close();
  }
}

/** Head of an answer of so many bytes, or of the range of them that was asked for. @throws HubError `range-not-satisfiable`. */
function headOfBytes(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  size: number,
): { from: number; to: number } {
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("content-type", "application/octet-stream");
  // RFC 8187: what is no letter or digit of ASCII goes percent-encoded.
  response.setHeader(
    "content-disposition",
    `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, percent)}`,
  );
  const range = readRange(request.headers.range, size);
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${size}`);
    throw new HubError("range-not-satisfiable", `There are ${size} bytes.`, { facts: { size } });
  }
  if (range !== null) response.setHeader("content-range", `bytes ${range.from}-${range.to - 1}/${size}`);
  const { from, to } = range ?? { from: 0, to: size };
  response.writeHead(range === null ? 200 : 206, { "content-length": to - from });
  return { from, to };
}

const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

/** Of his own terminal, while it is open, where he may still take things along from there. On record before the first byte leaves. */
async function sendLastAnswer(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { db, clock } = hub.sessions;
  const found = await findSession(db, actor.orgId, id);
  if (found === null || found.session.userId !== actor.id) throw notFound("session");
  const { assetId, account, accountChoice, protocol } = found.session;
  const wish = { assetId, account: accountChoice, protocol: protocolNamed(protocol), action: "download" as const };
  await authorize(db, actor, wish, clock.now());
  const answer = hub.lastAnswers.of(id);
  if (answer === null) throw notFound("answer");
  response.setHeader("content-type", "text/csv; charset=utf-8");
  response.setHeader("content-disposition", `attachment; filename="${id}.csv"`);
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await db.transaction((tx) =>
    recordAudit(tx, {
      kind: "sql.answer-exported",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "session", id, name: found.assetName },
      ip: actor.ip,
      data: { account, rows: answer.rows.length },
    }),
  );
  await pipeline(Readable.from(answerCsv(answer)), response);
}

/** On record before the first byte leaves; a download that goes on from the middle is one more. */
async function sendFile(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { db, store } = hub.files;
  const { file } = await findFile(db, actor, id);
  if (file.state !== "ready") throw notFound("file");
  if (request.method === "GET")
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "file.downloaded",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(file),
        ip: actor.ip,
        data: { sizeBytes: file.sizeBytes },
      }),
    );
  const { from, to } = headOfBytes(request, response, file.name, file.sizeBytes);
  if (request.method === "HEAD") response.end();
  else await pipeline(store.read(id, from, to), response);
}

/** One range of RFC 9110 §14; several, or a form we do not know, is answered with everything, as the RFC allows. */
export function readRange(header: string | undefined, size: number): { from: number; to: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "");
  if (match === null) return null;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return null;
    const suffix = Number(last);
    return suffix === 0 || size === 0 ? "unsatisfiable" : { from: Math.max(0, size - suffix), to: size };
  }
  const from = Number(first);
  const to = last === "" ? size : Math.min(size, Number(last) + 1);
  if (last !== "" && Number(last) < from) return null;
  return from >= size ? "unsatisfiable" : { from, to };
}

async function withRecording<T>(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  work: (log: LogFile, found: SessionWithNames) => Promise<T>,
): Promise<T> {
  const { db, store, live } = hub.sessions;
  const found = await findSession(db, actor.orgId, id);
  if (found === null || (found.session.userId !== actor.id && !may(actor, "sessions.read-all"))) throw notFound("session");
  await live.get(id)?.log.flush();
  if (!store.exists(id)) throw notFound("recording");
  const log = await store.open(id);
  try {
    return await work(log, found);
  } finally {
    await log.close();
  }
}

/** A player fetches piece by piece; pieces that follow each other within this time are one viewing. */
const viewingMs = 15 * 60_000;
const viewingsMax = 10_000;
const viewings = new Map<string, number>();

/** Records that somebody watches a recording, whichever piece of it he asks for first. */
async function noteReplay(hub: ApiDeps, actor: Actor, found: SessionWithNames): Promise<void> {
  const key = `${actor.id}/${found.session.id}`;
  const now = hub.sessions.clock.now().getTime();
  const seen = viewings.get(key) ?? Number.NEGATIVE_INFINITY;
  viewings.delete(key);
  viewings.set(key, now);
  for (const oldest of viewings.keys()) {
    if (viewings.size <= viewingsMax) break;
    viewings.delete(oldest);
  }
  if (now - seen > viewingMs) await recordWatching(hub, actor, found, "session.replayed");
}

async function recordWatching(
  hub: ApiDeps,
  actor: Actor,
  found: SessionWithNames,
  kind: "session.replayed" | "session.downloaded",
): Promise<void> {
  const { session, assetName } = found;
  await hub.sessions.db.transaction((tx) =>
    recordAudit(tx, {
      kind,
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "session", id: session.id, name: assetName },
      ip: actor.ip,
      data: {},
    }),
  );
}

/** What the list's filters find, whole. Recorded before the first line leaves, since nobody knows which line was the last. */
async function sendAudit(
  hub: ApiDeps,
  actor: Actor,
  _name: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  assertMay(actor, "audit.read");
  const filter = exportAudit.parse(Object.fromEntries([...query].filter(([, value]) => value !== "")));
  const { db } = hub.fleet;
  if (request.method === "GET")
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "audit.exported",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: null,
        ip: actor.ip,
        data: { filter: JSON.stringify(filter) },
      }),
    );
  response.writeHead(200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="audit.csv"',
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const lines = async function* () {
    yield csvHead;
    for await (const rows of walkAuditEvents(db, actor.orgId, filter)) yield rows.map(csvOf).join("");
  };
  await pipeline(Readable.from(lines()), response);
}

/** Everything of the organisation in the form that its import reads; that somebody took it away is on record. */
async function sendRows(
  hub: ApiDeps,
  actor: Actor,
  what: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const ofPeople = what === "people";
  assertMay(actor, ofPeople ? "people.read" : "assets.read");
  const { db } = hub.fleet;
  if (request.method === "GET")
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: ofPeople ? "people.exported" : "assets.exported",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: null,
        ip: actor.ip,
        data: {},
      }),
    );
  response.writeHead(200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": `attachment; filename="${what}.csv"`,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(Readable.from(ofPeople ? exportPeople(db, actor.orgId) : exportAssets(db, actor.orgId)), response);
}

function sendCast(hub: ApiDeps, actor: Actor, id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  return withRecording(hub, actor, id, async (log, found) => {
    await recordWatching(hub, actor, found, "session.downloaded");
    response.writeHead(200, {
      "content-type": "application/x-asciicast",
      "content-disposition": `attachment; filename="${id}.cast"`,
    });
    if (request.method === "HEAD") response.end();
    else await pipeline(Readable.from(asciicast(log, id)), response);
  });
}

function sendIndex(hub: ApiDeps, actor: Actor, id: string, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  return withRecording(hub, actor, id, async (log, found) => {
    await noteReplay(hub, actor, found);
    const keyframes = await hub.screens.keyframes(await hub.sessions.store.localFile(id));
    const body = {
      live: found.session.state !== "ended",
      cols: log.header.columns,
      rows: log.header.rows,
      startedAt: log.header.startedAt,
      durationMs: log.durationMs,
      outputBytes: log.bytesOf("output"),
      ...replayIndex(log),
      keyframes: keyframes.map(({ offset, atMs }) => ({ offset, atMs })),
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}

function sendSegment(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  _request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  return withRecording(hub, actor, id, async (log, found) => {
    await noteReplay(hub, actor, found);
    const segment = await replaySegment(log, wholeNumber(query.get("n")));
    if (segment === null) throw notFound("segment");
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": segment.length }).end(segment);
  });
}

function sendKeyframe(
  hub: ApiDeps,
  actor: Actor,
  id: string,
  _request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  return withRecording(hub, actor, id, async (log, found) => {
    await noteReplay(hub, actor, found);
    const offset = wholeNumber(query.get("offset"));
    if (offset > log.bytesOf("output")) throw notFound("keyframe");
    const screen = await hub.screens.at(await hub.sessions.store.localFile(id), offset);
    response
      .writeHead(200, { "content-type": "text/plain; charset=utf-8", "x-cols": screen.columns, "x-rows": screen.rows })
      .end(screen.screen);
  });
}

function wholeNumber(text: string | null): number {
  if (text === null || !/^\d{1,15}$/.test(text))
    throw new HubError("bad-input", "A whole number is needed.", { facts: { fields: "n, offset" } });
  return Number(text);
}
