// Starts the runner of an execution, in a session of its own, so that it outlives this process and hears no signal meant for it.

/** A runner copies bytes and waits: it needs no heap to speak of. */
const runnerFlags = ["--max-old-space-size=64", "--max-semi-space-size=1"];

/**
 * @param secrets variables that the runner gets by a pipe, where no other account can read them; null: none.
 * @param onFailure the runner could not even be started: no memory, no process ids.
 */
export function launchRunner(
  runnerFile: string,
  folder: string,
  secrets: Record<string, string> | null,
  onFailure: (error: Error) => void,
): void {
  const { spawn } = process.getBuiltinModule("node:child_process"); // 2.4 MB that an agent without scripts does not spend
  const runner = spawn(process.execPath, [...runnerFlags, runnerFile, folder], {
    cwd: folder,
    env: {},
    stdio: [secrets === null ? "ignore" : "pipe", "ignore", "ignore"],
    detached: true,
  });
  runner.once("error", onFailure);
  runner.unref();
  runner.stdin?.on("error", () => {}); // it is gone: exit.json or its absence tells
  if (secrets !== null) runner.stdin?.end(JSON.stringify(secrets));
}
