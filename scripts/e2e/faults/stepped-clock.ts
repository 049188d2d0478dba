// A wall clock of a program's own that jumps when told to: libfaketime reads the offset from a file. It moves neither the kernel's timers nor the
// monotonic clock, and so not what a suspended machine would see.
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

export const clockLibrary =
  ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketime.so.1`).find((file) => existsSync(file)) ??
  "libfaketime.so.1";

export type SteppedClock = {
  /** Seconds beside the true time, such as `+3600`. Seen within a second. */
  set(offset: string): void;
  /** For the program whose clock it is. */
  env: Record<string, string>;
};

export function steppedClock(folder: string, name: string): SteppedClock {
  const file = path.join(folder, `${name}.clock`);
  writeFileSync(file, "+0");
  return {
    set: (offset) => writeFileSync(file, offset),
    env: {
      LD_PRELOAD: clockLibrary,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  };
}
