// A real program on a real pty for a test agent's terminals: `script` of util-linux makes the pty, so that nothing has to be compiled for it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestShell } from "./test-agent.ts";

export class RealShells {
  /** Where they begin; empty at first. */
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-shell-"));
  readonly #command: string;
  readonly #running = new Map<TestShell, ChildProcess>();

  /** @param command a line for sh that becomes the shell. */
  constructor(command = "exec bash --norc --noprofile -i") {
    this.#command = command;
  }

  /** For TestAgentOptions.shell. */
  readonly typed = (shell: TestShell, data: Buffer): void => {
    this.of(shell).stdin?.write(data);
  };

  of(shell: TestShell): ChildProcess {
    const running = this.#running.get(shell);
    if (running !== undefined) return running;
    const env = {
      PATH: process.env["PATH"],
      HOME: this.folder,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      PS1: "$ ",
      HISTFILE: "",
    };
    const child = spawn("script", ["-qfec", `stty cols 80 rows 24; ${this.#command}`, "/dev/null"], { cwd: this.folder, env });
    child.stdout.on("data", (output: Buffer) => shell.print(output));
    child.on("exit", () => this.#running.delete(shell));
    this.#running.set(shell, child);
    return child;
  }

  end(): void {
    for (const child of this.#running.values()) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
