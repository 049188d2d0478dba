// How much room the hub's disk has, and who may still take of it: that of the data folder or that of its logs, where they have one of their own,
// whichever has less. The less there is, the fewer may:
//
//   free        new work   running work                 the rest
//   ≥ 100 MiB   begins     goes on
//   < 100 MiB   refused    goes on
//   < 32 MiB    refused    terminals end, scripts wait  logs are closed, the database goes on
//   < 16 MiB    refused    the same                     the reserve is given up, so that both still can
//
// Room that comes back is seen within a second; nothing needs a restart.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { HubError } from "../platform/errors.ts";
import { logsFolder } from "./log-places.ts";

const mebibyte = 1024 * 1024;
const beginBytes = 100 * mebibyte;
const growBytes = 32 * mebibyte;
const giveUpBytes = 16 * mebibyte;
const reserveBytes = 100 * mebibyte;
/** Only a disk with this much to spare is asked for a reserve, so that making it is never what fills the disk. */
const makeReserveBytes = 4 * reserveBytes;
/** A look costs one system call; between two looks the logs' own bytes are counted. */
export const lookEveryMs = 1_000;

export type StorageState = "ok" | "low" | "full";

export class StorageRoom {
  readonly #folder: string;
  readonly #logs: string;
  readonly #reserve: string;
  #freeBytes: number;

  constructor(dataDir: string) {
    this.#folder = dataDir;
    this.#logs = logsFolder(dataDir);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    mkdirSync(this.#logs, { recursive: true, mode: 0o700 });
    this.#reserve = path.join(dataDir, "reserve");
    this.#freeBytes = this.#look();
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  get state(): StorageState {
    if (this.#freeBytes >= beginBytes) return "ok";
    return this.#freeBytes >= growBytes ? "low" : "full";
  }

  /** @throws HubError `storage-full`. Asked before anything is written, rows included. */
  assertMayBegin(): void {
    this.#freeBytes = this.#look();
    if (this.state !== "ok")
      throw new HubError(
        "storage-full",
        "There is no room to record: the hub's disk is full. Free some space; nothing needs a restart.",
      );
  }

  /** False when running logs must stop growing: what is left is for closing them and for the database. */
  get mayGrow(): boolean {
    return this.#freeBytes >= growBytes;
  }

  took(bytes: number): void {
    this.#freeBytes -= bytes;
  }

  /** Every {@link lookEveryMs}. @param keepReserve when a database shares the disk. */
  async refresh(keepReserve: boolean): Promise<void> {
    const [own, logs] = (await Promise.all([statfs(this.#folder), statfs(this.#logs)])).map(freeOf);
    this.#freeBytes = Math.min(own ?? 0, logs ?? 0);
    // The reserve lies beside the database, so it helps on that disk only.
    if ((own ?? 0) < giveUpBytes) this.giveUpReserve();
    else if (keepReserve && (own ?? 0) >= makeReserveBytes && !existsSync(this.#reserve)) await this.#makeReserve();
  }

  giveUpReserve(): void {
    rmSync(this.#reserve, { force: true });
  }

  async #makeReserve(): Promise<void> {
    // fallocate(1) takes the blocks without writing them; a file of holes would hold nothing back. Without it there is no reserve.
    await promisify(execFile)("fallocate", ["-l", String(reserveBytes), this.#reserve]).catch(() =>
      rm(this.#reserve, { force: true }),
    );
  }

  #look(): number {
    return Math.min(freeOf(statfsSync(this.#folder)), freeOf(statfsSync(this.#logs)));
  }
}

const freeOf = ({ bavail, bsize }: { bavail: number; bsize: number }): number => bavail * bsize;
