// Kept files on their way to agents: a stream each, from the byte asked for. A stream ends with its link; the agent asks again from where it is.
//
//   file ──read ahead──► ring (2 MiB) ──► agent      the ring is full: nothing is read until the agent has written some of it
import type { FileHandle } from "node:fs/promises";
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { FileStore } from "../files/file-store.ts";
import type { AgentLink, AgentLinks } from "../fleet/links.ts";
import { errorFields, type Log } from "../platform/log.ts";

/** Two windows of a short line, so that one travels while the other is read. */
const ringBytes = 2 * bulkWindowBytes;
/** Of this hub together; a hundred agents that wait get theirs soon enough, and the rings are memory. */
const streamsMax = 48;
/** Of one agent, which takes two at a time; what is more is a broken one. */
const streamsPerAgentMax = 4;

type FileStream = { agentId: string; end: StreamEnd; close(): void };

export class FileStreams {
  readonly #store: FileStore;
  readonly #links: AgentLinks;
  readonly #log: Log;
  readonly #streams = new Set<FileStream>();
  readonly #unlisten: () => void;

  constructor(deps: { store: FileStore; links: AgentLinks; log: Log }) {
    this.#store = deps.store;
    this.#links = deps.links;
    this.#log = deps.log;
    this.#unlisten = deps.links.onChange(({ agentId, online }) => {
      if (!online) for (const stream of [...this.#streams]) if (stream.agentId === agentId) stream.close();
    });
  }

  /** Room for one more of this agent. */
  hasRoomFor(agentId: string): boolean {
    const ofAgent = [...this.#streams].filter((stream) => stream.agentId === agentId).length;
    return this.#streams.size < streamsMax && ofAgent < streamsPerAgentMax;
  }

  /** For reading one; whoever opens it closes it, or begins a stream with it. @throws ENOENT for one that is gone. */
  open(fileId: string): Promise<FileHandle> {
    return this.#store.openWhole(fileId);
  }

  /** The agent waits for bytes on this stream. Closes `file` at the end, also when the link is another one by now. */
  begin(link: AgentLink, stream: number, file: FileHandle, { offset, size }: { offset: number; size: number }): void {
    if (this.#links.get(link.agentId) !== link) {
      void file.close();
      return;
    }
    const mux = this.#links.streamsOf(link.agentId);
    const ring = new Ring(ringBytes, offset);
    const outgoing = new Outgoing(0, ring, bulkWindowBytes);
    let open = true;
    let reading = false;
    const close = () => {
      if (!open) return;
      open = false;
      this.#streams.delete(live);
      if (!live.end.closed) mux.remove(stream);
      if (!reading) void file.close();
    };
    const fill = async () => {
      if (reading || !open || ring.end >= size) return;
      reading = true;
      try {
        while (open && ring.end < size && ring.room >= sliceBytes) {
          const { bytesRead, buffer } = await file.read(
            Buffer.allocUnsafe(sliceBytes),
            0,
            Math.min(sliceBytes, size - ring.end),
            ring.end,
          );
          if (bytesRead === 0) throw new Error("a kept file is shorter than its row says");
          ring.append(buffer.subarray(0, bytesRead));
          mux.wake();
        }
        if (ring.end >= size) {
          outgoing.finish();
          mux.wake();
        }
      } catch (error) {
        this.#log.error({ agent: link.agentId, ...errorFields(error) }, "a kept file could not be read");
        live.end.close({ exitCode: null, reason: "unreadable" });
        mux.wake();
      } finally {
        reading = false;
        if (!open) void file.close();
      }
    };
    const end = new StreamEnd({
      stream,
      priority: "bulk",
      outgoing: [outgoing],
      incoming: [],
      owner: { onData: () => {}, onEnd: () => {}, onResize: () => {}, onRoom: () => void fill(), onClose: () => finished() },
    });
    // Our CLOSE answers the agent's, so the stream stays with the mux until that is out.
    const finished = () => {
      open = false;
      this.#streams.delete(live);
      if (!reading) void file.close();
      mux.wake();
    };
    const live: FileStream = { agentId: link.agentId, end, close };
    this.#streams.add(live);
    mux.add(end);
    if (offset >= size) outgoing.finish();
    void fill();
    mux.wake();
  }

  close(): void {
    this.#unlisten();
    for (const stream of [...this.#streams]) stream.close();
  }
}

/** Read at once. Four slices of the wire. */
const sliceBytes = 256 * 1024;
