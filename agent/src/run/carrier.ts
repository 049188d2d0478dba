// What carries an execution out once it may begin. Two do: local-script.ts on this host, neighbour-script.ts on another.
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { ExitRecord } from "./exit-record.ts";

export interface Carrier {
  /** That the hub said go is on disk. */
  begin(): void;
  /** An earlier process of the agent began it; how far it came, the folder and the neighbour say. */
  resume(): void;
  /** TERM to all of it, KILL after the grace. Said more than once, and at any time after `begin` or `resume`. */
  stop(graceSeconds: number): void;
  /** Called every tick until there is an end. The end, where no runner writes exit.json; the sizes of the output are the caller's to fill in. */
  look(): ExitRecord | null;
  /** What it asked the hub for. */
  equip(sequence: number, order: wire.EquipRun.$Properties): Outcome | Promise<Outcome>;
  /** The hub has nothing to give. @param final and never will. */
  lacks(final: boolean, why: string): void;
  /** This process ends, or the hub wants no more of it. The script itself goes on. */
  close(): void;
}
