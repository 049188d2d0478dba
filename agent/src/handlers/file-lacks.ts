// The hub has no bytes for an execution that asked for a file.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

export function onFileLacks({ transfers }: Pick<AgentParts, "transfers">, lacks: wire.FileLacks.$Properties): void {
  const key = executionKeyOf(lacks);
  const sha256 = Buffer.from(lacks.sha256 ?? new Uint8Array()).toString("hex");
  if (key !== null) transfers.lacks(key, sha256, lacks.final === true, lacks.message ?? "");
}
