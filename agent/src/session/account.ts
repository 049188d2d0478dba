// The account the agent runs as, and the clean surroundings its shells and scripts start in. Nothing of the agent's own environment goes along.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Config } from "../config.ts";

export type Account = { name: string; home: string; shell: string };

/** Shells that only say "not available". The account was given to an agent on purpose, so a terminal on it gets a plain shell. */
const nonShells = new Set(["nologin", "false", "true", "sync"]);
const plainShell = "/bin/sh";

export function readAccount(): Account {
  const entry = passwdEntry();
  const shell = entry?.shell ?? "";
  return {
    name: entry?.name ?? String(process.getuid?.() ?? ""),
    home: entry !== null && fs.existsSync(entry.home) ? entry.home : "/",
    shell: shell !== "" && !nonShells.has(path.basename(shell)) && isExecutable(shell) ? shell : plainShell,
  };
}

/** @param extra added last, so that it wins. */
export function cleanEnvironment(account: Account, config: Config, extra: Record<string, string>): Record<string, string> {
  return {
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
    PATH: config.path,
    LANG: config.language,
    ...extra,
  };
}

function passwdEntry(): { name: string; home: string; shell: string } | null {
  try {
    const { username, homedir, shell } = os.userInfo();
    return { name: username, home: homedir, shell: shell ?? "" };
  } catch {
    return null; // a container's uid without an entry
  }
}

export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
