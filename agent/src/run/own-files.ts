// Files of an execution on this host.
import type { FileHandle } from "node:fs/promises";
import { placeFile } from "../files/place-file.ts";
import { refused } from "../orders/order-gate.ts";
import { draftOf } from "./draft-name.ts";
import type { Journalled } from "./journal.ts";
import type { Placed } from "./placed-record.ts";
import type { Placer } from "./placer.ts";

export class OwnFiles implements Placer {
  readonly goesOn = false;
  readonly #entry: Journalled;
  readonly #path: string;

  /** @param path where programs of this host are looked for. */
  constructor(entry: Journalled, path: string) {
    this.#entry = entry;
    this.#path = path;
  }

  async place(content: FileHandle, n: number, _onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Placed> {
    const file = this.#entry.files[n];
    if (file === undefined) throw new RangeError(`no file ${n}`);
    const state = await placeFile(content, file, { draft: draftOf(this.#entry, n), path: this.#path, signal });
    return { state, unchecked: false };
  }

  look(): void {}

  equip() {
    return refused("policy", "Nothing of this execution waits for it.");
  }

  lacks(): void {}
  close(): void {}
}
