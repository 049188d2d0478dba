// The witness of typed bytes: a program that writes what it reads to a file of its own.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { RestClient } from "../../src/system/rest-client.ts";
import { SteadyTerminal } from "../../src/system/steady-terminal.ts";
import { until } from "../../src/system/until.ts";

export type TypedBytes = {
  terminal: SteadyTerminal;
  /** Types one more line, whether or not anything is there to take it. */
  typeLine(): void;
  /** Waits for the last line, ends the program and tells how many bytes are missing, doubled or changed. */
  finish(): Promise<{ typed: number; wrong: number }>;
};

export async function typedBytes(rest: RestClient, assetId: string, folder: string): Promise<TypedBytes> {
  const file = path.join(folder, "typed.txt");
  const terminal = new SteadyTerminal({ url: rest.url, key: rest.key, assetId });
  terminal.type(`stty -echo; echo REA''DY; exec cat > ${file}\r`);
  await terminal.shows("READY");
  const lines: string[] = [];
  return {
    terminal,
    typeLine: () => {
      const line = `typed line ${lines.length} of the witness\n`;
      lines.push(line);
      terminal.type(line);
    },
    finish: async () => {
      terminal.type("\u0004");
      await until("the typed bytes' terminal ended", () => terminal.ended !== null, { deadlineMs: 60_000 });
      const got = existsSync(file) ? readFileSync(file, "latin1") : "";
      const typed = lines.join("");
      terminal.leave();
      return { typed: typed.length, wrong: got === typed ? 0 : Math.max(1, Math.abs(got.length - typed.length)) };
    },
  };
}
