// Finds and loads node-pty's native addon. Only the addon: node-pty's own JavaScript ends a terminal 200 ms after its
// child, with whatever a paused reader has not read yet still in it, and holds one chunk of its own that it then forgets.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The addon's functions that we use, on Linux. */
export type PtyAddon = {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helper: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number };
  resize(fd: number, columns: number, rows: number): void;
};

let loaded: PtyAddon | null = null;

/** @throws when no addon for this processor is found; the message names the places. */
export function ptyAddon(): PtyAddon {
  loaded ??= load();
  return loaded;
}

function load(): PtyAddon {
  const here = import.meta.dirname;
  // Installed: runtime/ beside agent.cjs. Built in the checkout: beside it. From the sources: the package.
  const places = [path.join(here, "runtime", "pty.node"), path.join(here, "pty.node")];
  const file = places.find((place) => fs.existsSync(place)) ?? `@lydell/node-pty-linux-${process.arch}/pty.node`;
  try {
    return createRequire(import.meta.url)(file);
  } catch (cause) {
    throw new Error(`no terminal support: pty.node for ${process.arch} was found neither at ${places.join(" nor at ")}`, {
      cause,
    });
  }
}
