// Reads what remote-program.ts answers. A neighbour's words are a stranger's: numbers are bounded, names are of a closed list. Pure.
import type { ExitEnd } from "./exit-record.ts";
import { answerBytesMax } from "./remote-program.ts";

/** How it ended there, with the sizes of what it printed. */
export type RemoteEnd = {
  end: ExitEnd;
  exitCode: number | null;
  signal: string | null;
  message: string;
  stdout: number;
  stderr: number;
  stdoutDropped: number;
  stderrDropped: number;
};

/** `data <bytes> <bytes> running|exit|lost <size> <size> [end code signal dropped dropped]`; null for anything else. */
export function readAnswer(words: string[]): { stdout: number; stderr: number; end: RemoteEnd | null } | null {
  const [kind, stdoutText, stderrText, state, stdoutSize, stderrSize, how, code, signal, stdoutDropped, stderrDropped] = words;
  const [stdout, stderr] = [Number(stdoutText), Number(stderrText)];
  const isCount = (count: number): boolean => Number.isInteger(count) && count >= 0 && count <= answerBytesMax;
  if (kind !== "data" || !isCount(stdout) || !isCount(stderr)) return null;
  const sizes = { stdout: countIn(stdoutSize), stderr: countIn(stderrSize) };
  const none = { exitCode: null, signal: null, message: "", stdoutDropped: 0, stderrDropped: 0 };
  switch (state) {
    case "running":
      return { stdout, stderr, end: null };
    case "lost": {
      const message = "The neighbour was started anew, or somebody ended what watched the script: how it ended is not known.";
      return { stdout, stderr, end: { ...none, ...sizes, end: "lost", message } };
    }
    case "exit": {
      const end = (["exited", "timeout", "stopped"] as const).find((known) => known === how);
      if (end === undefined) return null;
      const dropped = { stdoutDropped: countIn(stdoutDropped), stderrDropped: countIn(stderrDropped) };
      const named = /^[A-Z0-9+-]{1,16}$/.test(signal ?? "") && signal !== "-" ? `SIG${signal}` : null;
      const exit = named === null ? { exitCode: countIn(code) & 0xff, signal: null } : { exitCode: null, signal: named };
      return { stdout, stderr, end: { ...none, ...sizes, ...dropped, ...exit, end } };
    }
    default:
      return null;
  }
}

const countIn = (text: string | undefined): number => {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
};

/** A neighbour's words are a stranger's. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
