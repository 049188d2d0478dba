// One output channel of a script on its way to disk, inside the runner: a named pipe in, a spool file out, capped.
// A named pipe and not Node's own: that is a socket, and a script that opens /dev/stderr on a socket fails.
import fs from "node:fs";
import net from "node:net";

const bufferBytes = 64 * 1_024;

export class SpoolWriter {
  /** For the script's process; closed by {@link handOver} once it has it. */
  readonly writeFd: number;
  readonly #reader: net.Socket;
  readonly #file: number;
  readonly #bytesMax: number;
  #kept = 0;
  #dropped = 0;
  /** The disk took no more; the sentence for the exit record. */
  #failure = "";

  /** @param pipe a named pipe that exists. */
  constructor(pipe: string, file: string, bytesMax: number) {
    const readFd = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    this.writeFd = fs.openSync(pipe, fs.constants.O_WRONLY);
    fs.unlinkSync(pipe);
    this.#file = fs.openSync(file, "a", 0o600);
    this.#bytesMax = bytesMax;
    const buffer = Buffer.allocUnsafeSlow(bufferBytes);
    this.#reader = new net.Socket({
      fd: readFd,
      readable: true,
      writable: false,
      onread: { buffer, callback: (bytes) => this.#take(buffer.subarray(0, bytes)) },
    });
    this.#reader.on("error", () => this.#reader.destroy());
    this.#reader.on("end", () => this.#reader.destroy());
  }

  get kept(): number {
    return this.#kept;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get failure(): string {
    return this.#failure;
  }

  /** The script's process has its end: from now on the pipe closes when the script and its children have closed theirs. */
  handOver(): void {
    fs.closeSync(this.writeFd);
    this.#reader.resume();
  }

  /** Resolves when nobody can write any more. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#reader.closed) resolve();
      else this.#reader.once("close", () => resolve());
    });
  }

  /** Stops reading and makes what was kept durable. */
  finish(): void {
    this.#reader.destroy();
    fs.fsyncSync(this.#file);
    fs.closeSync(this.#file);
  }

  #take(bytes: Buffer): boolean {
    const wanted = bytes.subarray(0, Math.max(0, this.#bytesMax - this.#kept));
    const written = this.#failure === "" ? this.#write(wanted) : 0;
    this.#kept += written;
    this.#dropped += bytes.length - written;
    return true;
  }

  #write(bytes: Buffer): number {
    let written = 0;
    try {
      while (written < bytes.length) written += fs.writeSync(this.#file, bytes, written);
    } catch (error) {
      this.#failure = `Output was cut: ${error instanceof Error ? error.message : String(error)}.`;
    }
    return written;
  }
}
