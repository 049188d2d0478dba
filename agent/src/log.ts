// Lines for the person who runs this host: to stderr, or to a file that never grows without end. Never holds a token, a key or what people type.
import fs from "node:fs";

export type Log = {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
};

/** A burst, then a steady rate: an agent that fails in a loop must not fill a disk. */
const burst = 100;
const perSecond = 5;

/** The log file is set aside once at this size, so a host gives up at most twice as much. */
const fileBytesMax = 5 * 1024 * 1024;

export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
  // Each level has its own allowance: a flood of refusals must not hide what was opened meanwhile.
  const level = (name: string): ((message: string) => void) => {
    let allowance = burst;
    let filledAt = now();
    let dropped = 0;
    return (message) => {
      const at = now();
      allowance = Math.min(burst, allowance + ((at - filledAt) / 1_000) * perSecond);
      filledAt = at;
      if (allowance < 1) {
        dropped++;
        return;
      }
      allowance--;
      const time = new Date(at).toISOString();
      if (dropped > 0) write(`${time} ${name} ${dropped} lines left out\n`);
      dropped = 0;
      // One line each, whatever is in the message: control characters could redraw the reader's terminal.
      write(`${time} ${name} ${message.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")}\n`);
    };
  };
  return { info: level("info "), warn: level("warn "), error: level("error") };
}

/** Appends to `file`; at 5 MB it becomes `file.1` and a new one begins. */
export function fileWriter(file: string): (line: string) => void {
  let size = fs.existsSync(file) ? fs.statSync(file).size : 0;
  return (line) => {
    try {
      if (size > fileBytesMax) {
        fs.renameSync(file, `${file}.1`);
        size = 0;
      }
      fs.appendFileSync(file, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      // A full disk: the agent is worth more than its log.
    }
  };
}

/** A reader that is gone or full must not stop the agent. Without process.stderr, which costs a megabyte. */
export function stderrWriter(line: string): void {
  try {
    fs.writeSync(2, line);
  } catch {
    // nobody reads it
  }
}

/** What went wrong, for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
