// Turns a checked order into what the runner is told: which program, which environment, where.
import type { Config } from "../config.ts";
import { cleanEnvironment, readAccount } from "../session/account.ts";
import { findInterpreter } from "./interpreter.ts";
import type { RunOrder } from "./run-order.ts";
import type { Task } from "./task.ts";

export function buildTask(run: RunOrder, config: Config): Task {
  const account = readAccount();
  return {
    // A name that is not found stays a name: starting it fails, and the hub hears so.
    command: findInterpreter(run.interpreter, config.path) ?? run.interpreter,
    arguments: run.arguments,
    environment: cleanEnvironment(account, config, {
      SALLYPORT_EXECUTION: run.executionId,
      SALLYPORT_USER: run.person.replaceAll("\0", ""),
      ...run.environment,
    }),
    directory: account.home === "/" ? "/tmp" : account.home,
    timeoutMs: run.timeoutSeconds * 1_000,
    outputBytesMax: run.outputBytesMax,
  };
}
