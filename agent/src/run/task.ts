// What runs a script is told, as task.json in the execution's folder: everything but secrets, so that it outlives the agent that was told.
import { parseObject } from "../state/identity.ts";
import { isScriptFile, type ScriptFile } from "./interpreter.ts";

export type Task = {
  /** Absolute path of the interpreter; on a neighbour its name. */
  command: string;
  scriptFile: ScriptFile;
  arguments: string[];
  environment: Record<string, string>;
  /** Variables whose values are nowhere on disk. */
  secrets: string[];
  /** Where it starts; on a neighbour the account's home. */
  directory: string;
  timeoutMs: number;
  /** Kept of each channel; the rest is counted and dropped. */
  outputBytesMax: number;
  /** Collected when the script has ended: absolute paths, `*` in the last part. */
  artefacts: string[];
};

/** Names in an execution's folder. Together they tell how far it got, whatever crashed in between. */
export const taskFiles = {
  order: "order.bin", // the order, as it was signed: journalled
  task: "task.json",
  placed: "placed.json", // what became of its files, as far as they stand
  go: "go", // the hub said begin
  runner: "runner", // mark of the runner's process; made exclusively, so there is never a second
  started: "started.json", // the script's process exists
  stop: "stop", // seconds of grace, for the runner that gets SIGTERM
  stdout: "stdout",
  stderr: "stderr",
  artefacts: "artefacts.tar", // what was collected; whole
  artefactsRecord: "artefacts.json", // and what became of each
  exit: "exit.json", // how it ended
} as const;

/** @throws when the file was not written by this agent. */
export function parseTask(text: string): Task {
  const task = parseObject(text);
  if (task === null) throw new Error(`${taskFiles.task} is not JSON`);
  const of = <T>(name: keyof Task, is: (value: unknown) => value is T): T => {
    const value: unknown = Reflect.get(task, name);
    if (!is(value)) throw new Error(`${taskFiles.task} has no ${name}`);
    return value;
  };
  return {
    command: of("command", isText),
    scriptFile: of("scriptFile", isScriptFile),
    arguments: of("arguments", isTexts),
    environment: of("environment", isTextMap),
    secrets: of("secrets", isTexts),
    directory: of("directory", isText),
    timeoutMs: of("timeoutMs", isNumber),
    outputBytesMax: of("outputBytesMax", isNumber),
    artefacts: of("artefacts", isTextsOrNothing) ?? [], // one that an agent without them wrote
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isTextsOrNothing = (value: unknown): value is string[] | undefined => value === undefined || isTexts(value);
const isTextMap = (value: unknown): value is Record<string, string> =>
  typeof value === "object" && value !== null && Object.values(value).every(isText);
