// Places the files of an execution before its script begins. Without a script that is all there is to do.
//
//   placing ──all of them stand──► the carrier's, from begin() on; or ended, where there is no script
//      └── one cannot be placed, a person stops it ──► ended: nothing was begun
//
// What stands is in placed.json after each file, so that an agent that was killed goes on with the next.
import path from "node:path";
import type { wire } from "@sallyport/protocol/wire";
import { NotPlaced } from "../files/not-placed.ts";
import type { Transfers } from "../files/transfers.ts";
import { reasonOf } from "../log.ts";
import { type Outcome, refused } from "../orders/order-gate.ts";
import { writeDurably } from "../state/files.ts";
import type { Carrier } from "./carrier.ts";
import { type ExitRecord, endedWithoutOutput } from "./exit-record.ts";
import type { Journalled } from "./journal.ts";
import { type Placed, readPlaced, wirePlaced } from "./placed-record.ts";
import { NotReached, type Placer } from "./placer.ts";
import { taskFiles } from "./task.ts";

/** Between two words to the hub about how far the files are. People look, nothing else. */
const reportEveryMs = 1_000;

export type FilesFirstOptions = {
  entry: Journalled;
  /** What runs the script; null: there is none. */
  carrier: Carrier | null;
  transfers: Transfers;
  placer: Placer;
  /** False when there is no link. */
  report: (progress: { bytes: number; files: wire.PlacedFile.$Properties[] }) => boolean;
  wall: () => number;
};

export class FilesFirst implements Carrier {
  readonly #options: FilesFirstOptions;
  readonly #leave = new AbortController();
  readonly #placed: Placed[];
  /** Of the file that is on its way: so much of it is here, and beyond. */
  #here = 0;
  #beyond = 0;
  #reported = { at: Number.NEGATIVE_INFINITY, bytes: -1 };
  #begun = false;
  #stopped = false;
  #end: ExitRecord | null = null;

  constructor(options: FilesFirstOptions) {
    this.#options = options;
    this.#placed = readPlaced(options.entry.folder);
  }

  begin(): void {
    void this.#placeAll();
  }

  resume(): void {
    if (this.#placed.length < this.#options.entry.files.length) {
      void this.#placeAll();
      return;
    }
    this.#begun = true;
    if (this.#options.carrier === null) this.#endPlaced();
    else this.#options.carrier.resume();
  }

  stop(graceSeconds: number): void {
    if (this.#begun) {
      this.#options.carrier?.stop(graceSeconds);
      return;
    }
    this.#stopped = true;
    this.#leave.abort(new Error("stopped")); // ended once what has come is removed again
  }

  look(): ExitRecord | null {
    if (this.#end !== null) return this.#end;
    if (this.#begun) return this.#options.carrier?.look() ?? null;
    this.#options.transfers.look();
    this.#options.placer.look();
    this.#report();
    return null;
  }

  equip(sequence: number, order: wire.EquipRun.$Properties): Outcome | Promise<Outcome> {
    const { carrier, placer } = this.#options;
    if (!this.#begun) return placer.equip(sequence, order);
    return carrier?.equip(sequence, order) ?? refused("policy", "Nothing of this execution waits for it.");
  }

  lacks(final: boolean, why: string): void {
    if (this.#begun) this.#options.carrier?.lacks(final, why);
    else this.#options.placer.lacks(final, why);
  }

  close(): void {
    this.#leave.abort(new Error("closed"));
    this.#options.placer.close();
    this.#options.carrier?.close();
  }

  async #placeAll(): Promise<void> {
    const { entry, carrier, placer } = this.#options;
    const { signal } = this.#leave;
    try {
      while (this.#placed.length < entry.files.length) {
        const placed = await this.#placeNext();
        signal.throwIfAborted();
        this.#placed.push(placed);
        this.#here = 0;
        this.#beyond = 0;
        writeDurably(path.join(entry.folder, taskFiles.placed), JSON.stringify(this.#placed));
      }
    } catch (error) {
      if (this.#stopped) this.#endNow("stopped", "Stopped before it began.");
      else if (!signal.aborted) this.#endNow(endOf(error), wasMeant(error) ? error.message : `${reasonOf(error)}.`);
      return;
    } finally {
      placer.close();
    }
    this.#begun = true;
    if (carrier === null) this.#endPlaced();
    else carrier.begin();
  }

  async #placeNext(): Promise<Placed> {
    const { entry, transfers, placer } = this.#options;
    const n = this.#placed.length;
    const file = entry.files[n];
    if (file === undefined) throw new RangeError(`no file ${n}`);
    const onHere = (bytes: number) => {
      this.#here = bytes;
    };
    const onBeyond = (bytes: number) => {
      this.#beyond = bytes;
    };
    const content = await transfers.take(entry, file, onHere, this.#leave.signal);
    try {
      return await placer.place(content, n, onBeyond, this.#leave.signal);
    } finally {
      await content.close();
    }
  }

  #report(): void {
    const { entry, placer, report } = this.#options;
    const now = performance.now();
    const done = entry.files.slice(0, this.#placed.length).reduce((sum, { size }) => sum + size, 0);
    const bytes = done + (placer.goesOn ? Math.floor((this.#here + this.#beyond) / 2) : this.#here);
    if (now - this.#reported.at < reportEveryMs || bytes === this.#reported.bytes) return;
    if (report({ bytes, files: this.#placed.map(wirePlaced) })) this.#reported = { at: now, bytes };
  }

  #endPlaced(): void {
    this.#end = { ...endedWithoutOutput("exited", this.#options.wall(), ""), exitCode: 0 };
  }

  #endNow(end: "stopped" | "not-placed" | "unreachable" | "refused", why: string): void {
    this.#end ??= endedWithoutOutput(end, this.#options.wall(), why);
  }
}

const wasMeant = (error: unknown): error is Error => error instanceof NotPlaced || error instanceof NotReached;

function endOf(error: unknown): "not-placed" | "unreachable" | "refused" {
  if (!(error instanceof NotReached)) return "not-placed";
  return error.refused ? "refused" : "unreachable";
}
