// The dial socket (SPEC.md §8): one TCP connection through an agent over one WebSocket. Bytes are binary messages as they come; text
// messages say the rest. Authorises at the door; a revocation while it is open ends it through the session.
import type { RawData, WebSocket } from "ws";
import { z } from "zod";
import { authorize } from "../access/authorize.ts";
import type { Actor } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { closeSession } from "../sessions/end-session.ts";
import type { DialClient, LiveDial } from "../sessions/live-dial.ts";
import { openDial } from "../sessions/open-dial.ts";
import { closeCodeOf } from "./close-codes.ts";
import { keepAlive } from "./keep-alive.ts";

/** A client that connects says what it wants. */
const openingDeadlineMs = 10_000;

/** Pieces of memory in which bytes wait for the network; more than this many are not kept for reuse. */
const spareMax = 16;
const spareBytes = 64 * 1024;

const opening = z.object({ type: z.literal("open"), assetId: z.string().max(64), port: z.number().int().min(1).max(65_535) });
const ending = z.object({ type: z.literal("eof") });

export function serveDialSocket(deps: SessionDeps, socket: WebSocket, actor: Actor, stillSignedIn: () => Promise<boolean>): void {
  const tell = (message: object) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  // A socket that is not read does not hear the other end's goodbye either.
  const close = (code: number, reason: string) => {
    socket.resume();
    socket.close(code, reason);
  };
  const refuse = (code: string, message: string, facts: object = {}) => {
    tell({ type: "error", code, message, facts });
    close(closeCodeOf(code), code);
  };
  const deadline = setTimeout(() => refuse("bad-message", "Nothing was asked for in time."), openingDeadlineMs);
  socket.once("close", () => clearTimeout(deadline));
  socket.on("error", () => socket.terminate());
  keepAlive(socket, stillSignedIn, () => refuse("not-signed-in", "You have been signed out."));
  socket.once("message", (data, isBinary) => {
    clearTimeout(deadline);
    const asked = isBinary ? null : parse(opening, data);
    if (asked === null) {
      refuse("bad-message", "The first message must be open, as JSON.");
      return;
    }
    socket.pause(); // what is sent ahead waits in the network
    dial(deps, socket, actor, asked, { tell, close }).then(
      (live) => {
        socket.on("message", (message, binary) => receive(live, socket, message, binary, refuse));
        socket.resume();
      },
      (error: unknown) => {
        if (!(error instanceof HubError)) deps.log.error(errorFields(error), "dial failed");
        const known =
          error instanceof HubError ? error : new HubError("internal", "Something went wrong in the hub; its log says what.");
        refuse(known.code, known.message, known.facts);
      },
    );
  });
}

async function dial(
  deps: SessionDeps,
  socket: WebSocket,
  actor: Actor,
  { assetId, port }: z.infer<typeof opening>,
  { tell, close }: { tell: (message: object) => void; close: (code: number, reason: string) => void },
): Promise<LiveDial> {
  const spare: Buffer[] = [];
  let opened = false;
  const client: DialClient = {
    send: (data, taken) => {
      // A copy: the link's memory goes on to other streams.
      const memory =
        data.length <= spareBytes ? (spare.pop() ?? Buffer.allocUnsafeSlow(spareBytes)) : Buffer.allocUnsafe(data.length);
      memory.set(data);
      socket.send(memory.subarray(0, data.length), () => {
        if (memory.length === spareBytes && spare.length < spareMax) spare.push(memory);
        taken();
      });
    },
    endOutput: () => tell({ type: "eof" }),
    onRoom: () => socket.resume(),
    onClosed: (reason) => {
      if (!opened) return; // it was refused, which the client hears in words
      tell({ type: "closed", reason });
      close(1000, reason);
    },
  };
  const authorization = await authorize(deps.db, actor, { assetId, action: "forward", port }, deps.clock.now());
  const live = await openDial(deps, authorization, port, client);
  const { id } = live;
  opened = true;
  tell({ type: "opened", sessionId: id });
  live.start();
  const onLeft = () => {
    deps.dials.get(id)?.close("client-gone");
    void closeSession(deps, id, { reason: "ended-by-user", by: actor, exitCode: null, signal: null }).catch((error: unknown) =>
      deps.log.error({ session: id, ...errorFields(error) }, "dial not closed"),
    );
  };
  if (socket.readyState === socket.OPEN) socket.once("close", onLeft);
  else onLeft();
  return live;
}

function receive(
  live: LiveDial,
  socket: WebSocket,
  message: RawData,
  isBinary: boolean,
  refuse: (code: string, message: string) => void,
): void {
  if (!isBinary) {
    if (parse(ending, message) === null) refuse("bad-message", "Not a message of this protocol.");
    else live.endInput();
    return;
  }
  const data = bytesOf(message);
  if (!live.hasRoomFor(data.length)) {
    refuse("bad-message", "More was sent than there is room for; read at the pace of the connection.");
    return;
  }
  if (!live.write(data)) socket.pause();
}

function parse<T>(schema: z.ZodType<T>, data: RawData): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(data.toString()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not JSON
  }
}

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
