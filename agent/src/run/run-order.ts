// Reads a signed order to run a script: every cap checked, nothing left optional. Pure but for the hash.
import { createHash } from "node:crypto";
import { isId } from "@sallyport/protocol/ids";
import {
  artefactPattern,
  artefactPatternBytesMax,
  artefactPatternsMax,
  executionOutputBytesMax,
  interpreterName,
  scriptArgumentBytesMax,
  scriptArgumentsMax,
  scriptBytesMax,
  scriptSecretsMax,
} from "@sallyport/protocol/limits";
import { isWireNumber, type wire } from "@sallyport/protocol/wire";
import { type FileToPlace, readFiles } from "../files/file-to-place.ts";

/** A day; the hub says the same. */
const timeoutSecondsMax = 86_400;

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type ExecutionKey = { executionId: string; attempt: number };

export type RunOrder = ExecutionKey & {
  interpreter: string;
  script: Uint8Array;
  arguments: string[];
  environment: Record<string, string>;
  timeoutSeconds: number;
  outputBytesMax: number;
  person: string;
  /** Where it runs; null: on this host. */
  neighbour: NeighbourName | null;
  /** Variables whose values come when it may begin. */
  secrets: string[];
  /** Placed before it begins. */
  files: FileToPlace[];
  /** Collected when it has ended: absolute paths, `*` in the last part. */
  artefacts: string[];
};

/** Each kind of offer may name more than the one before. */
export type OfferKind = "plain" | "equipped" | "with-files" | "collecting" | "approved";

/** Which neighbour, as whom. */
export type NeighbourName = { host: string; port: number; username: string };

/** Which execution an order speaks of; null when it cannot be a name in our journal. */
export function executionKeyOf({
  executionId,
  attempt,
}: {
  executionId?: string | null;
  attempt?: number | null;
}): ExecutionKey | null {
  if (!isId("exe", executionId ?? "") || !isWireNumber(attempt ?? 0) || (attempt ?? 0) < 1) return null;
  return { executionId: executionId ?? "", attempt: attempt ?? 0 };
}

/**
 * The order, or one sentence that says why this agent does not run it.
 *
 * With files and without an interpreter there is no script.
 *
 * @param kind an equipped one may name a neighbour and secrets, one with files those too, one that collects all of it and artefacts, an approved one the same.
 */
export function readRunOrder(
  order: wire.RunScript.$Properties,
  key: ExecutionKey,
  kind: OfferKind,
): { ok: true; run: RunOrder } | { ok: false; why: string } {
  const script = order.script ?? new Uint8Array();
  const args = order.arguments ?? [];
  const environment = order.environment ?? {};
  const interpreter = order.interpreter ?? "";
  const timeoutSeconds = order.timeoutSeconds ?? 0;
  const secrets = order.secrets ?? [];
  const neighbour = order.neighbour ? neighbourNameOf(order.neighbour) : null;
  const outputBytesMax = order.outputBytesMax ?? 0;
  const artefacts = order.artefacts ?? [];
  const files = readFiles(order.files ?? []);
  const isFilesOnly = kind === "with-files" && interpreter === "" && script.length === 0 && (order.files ?? []).length > 0;
  const why = ((): string | null => {
    if (!isFilesOnly && !interpreterName.test(interpreter)) return "The interpreter is not named by a program's name.";
    if (script.length > scriptBytesMax) return `The script has ${script.length} bytes; at most ${scriptBytesMax} are allowed.`;
    if (
      !createHash("sha256")
        .update(script)
        .digest()
        .equals(order.scriptSha256 ?? new Uint8Array())
    )
      return "The script is not the one that was approved: its SHA-256 differs.";
    if (args.length > scriptArgumentsMax || bytesOf(args) > scriptArgumentBytesMax)
      return `More than ${scriptArgumentsMax} arguments or ${scriptArgumentBytesMax} bytes of them.`;
    const variables = Object.entries(environment);
    if (variables.length > scriptArgumentsMax || bytesOf(variables.flat()) > scriptArgumentBytesMax)
      return `More than ${scriptArgumentsMax} variables or ${scriptArgumentBytesMax} bytes of them.`;
    if (kind === "plain" && (order.neighbour || secrets.length > 0))
      return "An order of this kind names neither a neighbour nor secrets.";
    if (kind !== "with-files" && kind !== "collecting" && kind !== "approved" && (order.files ?? []).length > 0)
      return "An order of this kind names no files.";
    if (kind !== "collecting" && kind !== "approved" && artefacts.length > 0) return "An order of this kind collects nothing.";
    if (artefacts.length > artefactPatternsMax || !artefacts.every(isPattern))
      return `More than ${artefactPatternsMax} paths to collect, or one that is not absolute.`;
    if (files === null) return "The order names a file, a place or an owner that cannot be.";
    if (secrets.length > scriptSecretsMax || secrets.some((name) => name in environment))
      return `More than ${scriptSecretsMax} secrets, or one that is also a variable in clear.`;
    if (order.neighbour && neighbour === null) return "The order does not say which neighbour, or as whom.";
    if ([...Object.keys(environment), ...secrets].some((name) => !variableName.test(name)))
      return "A variable's name is not letters, digits and underscores.";
    if ([...args, ...Object.values(environment)].some((text) => text.includes("\0")))
      return "An argument or a variable holds a NUL byte.";
    if (timeoutSeconds < 1 || timeoutSeconds > timeoutSecondsMax)
      return `A time limit of ${timeoutSeconds} s; 1 to ${timeoutSecondsMax} are allowed.`;
    return null;
  })();
  if (why !== null) return { ok: false, why };
  const kept = outputBytesMax > 0 ? Math.min(outputBytesMax, executionOutputBytesMax) : executionOutputBytesMax;
  return {
    ok: true,
    run: {
      ...key,
      interpreter,
      script,
      arguments: args,
      environment,
      timeoutSeconds,
      outputBytesMax: kept,
      person: order.person ?? "",
      neighbour,
      secrets,
      files: files ?? [],
      artefacts,
    },
  };
}

/** Null when a part is missing, or is none. */
export function neighbourNameOf({ host = "", port = 0, username = "" }: wire.NeighbourName.$Properties): NeighbourName | null {
  const named = { host: host ?? "", port: port ?? 0, username: username ?? "" };
  const ok = named.host !== "" && named.username !== "" && Number.isInteger(named.port) && named.port > 0 && named.port < 65_536;
  return ok ? named : null;
}

const isPattern = (text: string): boolean => Buffer.byteLength(text) <= artefactPatternBytesMax && artefactPattern.test(text);

/** As the kernel counts them: each ends with a NUL. */
const bytesOf = (texts: string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
