// There is work: ask for it. Harmless when lost or doubled.
import type { AgentParts } from "../parts.ts";

export function onRunLook({ runs }: Pick<AgentParts, "runs">): void {
  runs.pull();
}
