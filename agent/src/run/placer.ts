// Puts the files of an execution where they belong. Two do: own-files.ts on this host, neighbour-files.ts on another.
import type { FileHandle } from "node:fs/promises";
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { Placed } from "./placed-record.ts";

export interface Placer {
  /** What is on this host has half its way before it. */
  readonly goesOn: boolean;
  /**
   * @param content all of the `n`th file; stays open.
   * @param onBytes how much of it is there, where it goes on from this host.
   * @throws NotPlaced, NotReached
   */
  place(content: FileHandle, n: number, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Placed>;
  /** Called every tick while files are placed. */
  look(): void;
  /** What it asked the hub for. */
  equip(sequence: number, order: wire.EquipRun.$Properties): Outcome | Promise<Outcome>;
  /** The hub has nothing to give. @param final and never will. */
  lacks(final: boolean, why: string): void;
  /** Nothing more is placed. */
  close(): void;
}

/** Codes of a neighbour that was reached, or is not to be: another agent would come to the same. */
export const refusals: ReadonlySet<string> = new Set(["authentication-failed", "host-key-refused", "policy"]);

/** Nobody came so far as to place anything; the message says why, as one sentence for people. */
export class NotReached extends Error {
  override name = "NotReached";
  /** There is no way in; otherwise the neighbour was not reached. */
  readonly refused: boolean;

  constructor(message: string, { refused = false } = {}) {
    super(message);
    this.refused = refused;
  }
}
