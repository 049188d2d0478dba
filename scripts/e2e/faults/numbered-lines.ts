// The witness of "nothing lost, nothing doubled": a program in a terminal prints numbered lines and writes the same bytes to a
// file of its own. What a client received and what the recording holds are compared with that file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { RestClient } from "../../src/system/rest-client.ts";
import { SteadyTerminal } from "../../src/system/steady-terminal.ts";
import { until } from "../../src/system/until.ts";

const program = `import os, sys, time
name, stop, out = sys.argv[1], sys.argv[2], open(sys.argv[3], "wb", 0)
sys.stdout.flush()
os.write(1, b"BEGIN\\n")
n = 0
while not os.path.exists(stop):
    lines = b""
    for _ in range(5):
        n += 1
        lines += b"%s line %08d of the witness\\n" % (name.encode(), n)
    at = 0
    while at < len(lines):
        at += os.write(1, lines[at:])
    out.write(lines)
    time.sleep(0.05)
os.write(1, b"END\\n")
`;

export type NumberedLines = {
  terminals: SteadyTerminal[];
  /** Lets the programs finish, then tells what each terminal and each recording lacks or has too much. */
  finish(): Promise<{ bytes: number; wrongOnScreen: number; wrongInLog: number }>;
  leave(): void;
};

/** @param folder where the witnesses write; @param count terminals, each on the next of `assetIds` in turn. */
export async function numberedLines(rest: RestClient, assetIds: string[], count: number, folder: string): Promise<NumberedLines> {
  const home = path.join(folder, "witness");
  mkdirSync(home, { recursive: true });
  const script = path.join(home, "lines.py");
  const stop = path.join(home, "stop");
  writeFileSync(script, program);
  const terminals = Array.from({ length: count }, (_, n) => {
    const terminal = new SteadyTerminal({ url: rest.url, key: rest.key, assetId: assetIds[n % assetIds.length] ?? "" });
    terminal.type(`exec python3 ${script} t${n} ${stop} ${path.join(home, `t${n}.txt`)}\r`);
    return terminal;
  });
  for (const terminal of terminals) await terminal.shows("BEGIN", 8_000);
  return {
    terminals,
    leave: () => {
      for (const terminal of terminals) terminal.leave();
    },
    finish: async () => {
      writeFileSync(stop, "");
      const result = { bytes: 0, wrongOnScreen: 0, wrongInLog: 0 };
      for (const [n, terminal] of terminals.entries()) {
        await until(`terminal ${n} ended`, () => terminal.ended !== null, { deadlineMs: 60_000 });
        const written = readFileSync(path.join(home, `t${n}.txt`), "latin1").replaceAll("\n", "\r\n");
        result.bytes += written.length;
        const shown = between(terminal.output().toString("latin1"));
        result.wrongOnScreen += differing(shown, written) + terminal.changedBytes + terminal.skippedBytes;
        const recorded = between(await recordingOf(rest, terminal.sessionId ?? ""));
        result.wrongInLog += differing(recorded, written);
      }
      return result;
    },
  };
}

/** Output as the recording holds it. */
export async function recordingOf(rest: RestClient, sessionId: string): Promise<string> {
  const response = await rest.request("GET", `/sessions/${sessionId}/recording.cast`);
  if (!response.ok) throw new Error(`recording of ${sessionId}: ${response.status}`);
  const [, ...events] = (await response.text()).trim().split("\n");
  return events
    .map((line) => JSON.parse(line) as [number, string, string])
    .map(([, kind, data]) => (kind === "o" ? data : ""))
    .join("");
}

const between = (text: string): string => {
  const from = text.indexOf("BEGIN\r\n");
  const to = text.lastIndexOf("END\r\n");
  return from < 0 || to < 0 ? "" : text.slice(from + "BEGIN\r\n".length, to);
};

/** Bytes that are too few, too many or not the same. 0 means identical. */
function differing(got: string, written: string): number {
  if (got === written) return 0;
  let same = 0;
  while (same < got.length && got[same] === written[same]) same += 1;
  return Math.max(1, Math.abs(got.length - written.length), Math.max(got.length, written.length) - same);
}
