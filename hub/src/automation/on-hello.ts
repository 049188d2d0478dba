// An agent is back: its journal and our rows are brought together, in both directions. Idempotent.

import { isId } from "@sallyport/protocol/ids";
import { wire } from "@sallyport/protocol/wire";
import { and, eq, inArray } from "drizzle-orm";
import { errorFields } from "../platform/log.ts";
import type { AutomationDeps } from "./deps.ts";
import { backInQueue } from "./jobs.ts";
import { openOutput } from "./open-output.ts";
import { executions, type TakenExecution } from "./schema.ts";
import { settleExecution } from "./settle.ts";

type Reconciled = { positions: wire.StreamPosition.$Properties[]; verdicts: wire.JournalVerdict.$Properties[] };

export async function onHello(
  deps: AutomationDeps,
  agentId: string,
  hello: Pick<wire.Hello.$Properties, "streams" | "journal">,
): Promise<Reconciled> {
  const journal = (hello.journal ?? []).filter((entry) => isId("exe", entry.executionId ?? ""));
  const open = await deps.unfinishedOf(agentId);
  const journalled =
    journal.length === 0
      ? []
      : await deps.db
          .select()
          .from(executions)
          .where(
            and(
              eq(executions.agentId, agentId),
              inArray(
                executions.id,
                journal.map((entry) => entry.executionId ?? ""),
              ),
            ),
          );
  const verdicts: wire.JournalVerdict.$Properties[] = [];
  const positions: wire.StreamPosition.$Properties[] = [];

  for (const entry of journal) {
    const row = journalled.find((one) => one.id === entry.executionId && one.attempt === entry.attempt);
    const verdict = { executionId: entry.executionId ?? "", attempt: entry.attempt ?? 0 };
    const stream = (hello.streams ?? []).find((one) => one.subjectId === entry.executionId);
    if (row === undefined || (row.state === "finished" && row.reason !== "lost")) {
      verdicts.push({ ...verdict, action: wire.JournalAction.JOURNAL_FORGET });
      continue;
    }
    if (row.stopRequestedAt !== null) verdicts.push({ ...verdict, action: wire.JournalAction.JOURNAL_STOP });
    const position = await goOn(deps, { ...row, agentId }, stream).catch((error: unknown) => {
      deps.log.error({ execution: row.id, ...errorFields(error) }, "output could not go on");
      return null;
    });
    if (position !== null) positions.push(position);
  }

  // What the agent does not know of: offers on their way are offered again, what had begun is gone with it.
  for (const row of open) {
    if (journal.some((entry) => entry.executionId === row.id)) continue;
    if (row.state === "offered")
      await deps.db
        .update(executions)
        .set(backInQueue)
        .where(and(eq(executions.id, row.id), eq(executions.state, "offered")));
    else if (row.state !== "queued")
      await settleExecution(deps, row, {
        reason: "agent-restarted",
        message: "The agent came back without this execution in its journal.",
      });
  }
  return { positions, verdicts };
}

async function goOn(
  deps: AutomationDeps,
  row: TakenExecution,
  stream: wire.LiveStream.$Properties | undefined,
): Promise<wire.StreamPosition.$Properties | null> {
  if (stream?.stream === undefined || row.stream === null || row.stream !== stream.stream) return null;
  const output = deps.outputs.get(row.id) ?? (await openOutput(deps, row, row.stream, row.state !== "offered"));
  output.join(deps.links.streamsOf(row.agentId));
  return { stream: row.stream, outputs: output.positions(), inputEnd: 0 };
}
