// One output channel of a script on its way to disk, inside the runner: a named pipe in, a file out.
// A named pipe and not Node's own: that is a socket, and a script that opens /dev/stderr on a socket fails.
import fs from "node:fs";
import net from "node:net";
import { OutputFile } from "./output-file.ts";

const bufferBytes = 64 * 1_024;

export class SpoolWriter {
  /** For the script's process; closed by {@link handOver} once it has it. */
  readonly writeFd: number;
  readonly output: OutputFile;
  readonly #reader: net.Socket;

  /** @param pipe a named pipe that exists. @param limits what of it is kept, and hidden. */
  constructor(pipe: string, file: string, limits: { bytesMax: number; secrets: readonly string[] }) {
    const readFd = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    this.writeFd = fs.openSync(pipe, fs.constants.O_WRONLY);
    fs.unlinkSync(pipe);
    this.output = new OutputFile(file, limits);
    const buffer = Buffer.allocUnsafeSlow(bufferBytes);
    this.#reader = new net.Socket({
      fd: readFd,
      readable: true,
      writable: false,
      onread: {
        buffer,
        callback: (bytes) => {
          this.output.take(buffer.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#reader.on("error", () => this.#reader.destroy());
    this.#reader.on("end", () => this.#reader.destroy());
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
    this.output.finish();
  }
}
