// What a terminal session needs of whatever it shows: a pty of this host, or a shell on a neighbour.
import { terminalCellsMax } from "@sallyport/protocol/limits";
import type { Closing } from "@sallyport/protocol/stream/stream-end";

export type TerminalOwner = {
  /** Bytes the program printed, valid until it returns. False: no more of them until {@link Terminal.resume}. */
  onOutput(bytes: Buffer): boolean;
  /** Input was taken; `pending` bytes still wait. */
  onInputTaken(pending: number): void;
  /** The program is gone and everything it printed has been handed over. Called once. */
  onEnd(closing: Closing): void;
};

export interface Terminal {
  /** The terminal's device on this host, as long as it is surely this one's; null when there is none to look at. */
  readonly slave: string | null;
  /** Input of the person; taken in order, as fast as the terminal takes it. */
  write(bytes: Uint8Array): void;
  /** Both within {@link clampCells}. */
  resize(columns: number, rows: number): void;
  /** Asks for output again after `onOutput` returned false. */
  resume(): void;
  /** The person is gone: ends what runs there, and does not take no for an answer. Repeated: nothing more. */
  hangUp(): void;
}

export const clampCells = (cells: number): number => Math.max(1, Math.min(terminalCellsMax, Math.trunc(cells) || 1));
