// How many connections of scripts go to one address at a time: its server lets few strangers wait, and people want in as well.
import { scriptsPerAddressMax } from "@sallyport/protocol/limits";

export class Places {
  readonly #taken = new Map<string, number>();

  /** False: none is free; ask again. */
  take(address: string): boolean {
    const taken = this.#taken.get(address) ?? 0;
    if (taken >= scriptsPerAddressMax) return false;
    this.#taken.set(address, taken + 1);
    return true;
  }

  give(address: string): void {
    const taken = (this.#taken.get(address) ?? 0) - 1;
    if (taken > 0) this.#taken.set(address, taken);
    else this.#taken.delete(address);
  }
}
