// Turns a checked order into what runs it is told: which program, which environment, where.
import type { Config } from "../config.ts";
import { cleanEnvironment, readAccount } from "../session/account.ts";
import { findInterpreter, scriptFileFor } from "./interpreter.ts";
import type { RunOrder } from "./run-order.ts";
import type { Task } from "./task.ts";

export function buildTask(run: RunOrder, config: Config): Task {
  const own = { SALLYPORT_EXECUTION: run.executionId, SALLYPORT_USER: run.person.replaceAll("\0", "") };
  const { arguments: args, secrets, outputBytesMax, artefacts } = run;
  const common = {
    scriptFile: scriptFileFor(run.interpreter),
    arguments: args,
    secrets,
    timeoutMs: run.timeoutSeconds * 1_000,
    outputBytesMax,
    artefacts,
  };
  // A neighbour's login makes the rest of the environment.
  if (run.neighbour !== null)
    return { ...common, command: run.interpreter, environment: { ...own, ...run.environment }, directory: "" };
  const account = readAccount();
  return {
    ...common,
    // A name that is not found stays a name: starting it fails, and the hub hears so.
    command: findInterpreter(run.interpreter, config.path) ?? run.interpreter,
    environment: cleanEnvironment(account, config, { ...own, ...run.environment }),
    directory: account.home === "/" ? "/tmp" : account.home,
  };
}
