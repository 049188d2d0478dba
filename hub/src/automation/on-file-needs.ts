// An execution that may begin lacks the bytes of a file: they come as a stream that a signed order opens, from where the agent is. Asking twice is
// harmless; each answer is a stream of its own.
import type { wire } from "@sallyport/protocol/wire";
import { and, eq } from "drizzle-orm";
import { mayGoOn } from "../access/recheck.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { shortText } from "../platform/text.ts";
import type { AutomationDeps } from "./deps.ts";
import { forbidden, workOf } from "./end-forbidden-runs.ts";
import type { RunFile } from "./input.ts";
import { placingOf } from "./placing.ts";
import { type ExecutionRow, executions, type RunRow, runs } from "./schema.ts";

/** FileLacks.message on the wire. */
const messageBytesMax = 512;

export async function onFileNeeds(deps: AutomationDeps, agentId: string, needs: wire.FileNeeds.$Properties): Promise<void> {
  const { executionId = "", attempt = 0, sha256 = new Uint8Array(), offset = 0 } = needs;
  const named = { executionId: executionId ?? "", attempt: attempt ?? 0, sha256: sha256 ?? new Uint8Array() };
  const lacks = (final: boolean, message: string) =>
    void deps.links.get(agentId)?.send({ fileLacks: { ...named, final, message: shortText(message, messageBytesMax) } });
  const found = await find(deps, agentId, named);
  const file = found?.run.files.find((one) => one.sha256 === Buffer.from(named.sha256).toString("hex"));
  if (found === null || file === undefined) return lacks(true, "The hub does not wait for this execution any more.");
  const from = offset ?? 0;
  if (!Number.isSafeInteger(from) || from < 0 || from > file.sizeBytes)
    return lacks(true, `The file ${file.name} has ${file.sizeBytes} bytes; none begins at ${from}.`);
  if (!(await mayBegin(deps, found))) return lacks(true, forbidden.message);
  if (!deps.fileStreams.hasRoomFor(agentId)) return lacks(false, "The hub sends as many files as it can.");
  // Not waited for: the agent's answer comes behind its other messages, which are taken one after the other.
  void send(deps, agentId, { named, file, offset: from }, lacks);
}

type Found = { execution: ExecutionRow; run: RunRow };
type Named = { executionId: string; attempt: number; sha256: Uint8Array };

async function find({ db }: AutomationDeps, agentId: string, { executionId, attempt }: Named): Promise<Found | null> {
  const [row] = await db
    .select({ execution: executions, run: runs })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .where(
      and(
        eq(executions.id, executionId),
        eq(executions.agentId, agentId),
        eq(executions.attempt, attempt),
        eq(executions.state, "claimed"),
      ),
    );
  return row ?? null;
}

async function mayBegin({ db, clock }: AutomationDeps, { execution, run }: Found): Promise<boolean> {
  for (const action of ["run", "upload"] as const) {
    const { on } = await mayGoOn(db, [workOf(execution, run, action)], clock.now());
    if (!on.has(execution.id)) return false;
  }
  return true;
}

async function send(
  { links, orders, fileStreams, log }: AutomationDeps,
  agentId: string,
  { named, file, offset }: { named: Named; file: RunFile; offset: number },
  lacks: (final: boolean, message: string) => void,
): Promise<void> {
  const opened = await fileStreams.open(file.fileId).catch(() => null);
  if (opened === null) return lacks(true, `The file ${file.name} is no longer kept on the hub.`);
  try {
    const link = links.get(agentId);
    const stream = await orders.send(agentId, { openFile: { ...named, offset, size: file.sizeBytes } });
    if (link === undefined) await opened.close();
    else fileStreams.begin(link, stream, opened, { offset, size: file.sizeBytes });
  } catch (error) {
    await opened.close();
    // A link that is gone, an agent that wants it no more: it asks again, if it does.
    if (!(error instanceof HubError)) log.error({ execution: named.executionId, ...errorFields(error) }, "file not sent");
  }
}

/** How far an execution's files are; kept in memory, for whoever looks. */
export async function onFileProgress(
  deps: AutomationDeps,
  agentId: string,
  progress: wire.FileProgress.$Properties,
): Promise<void> {
  const named = { executionId: progress.executionId ?? "", attempt: progress.attempt ?? 0, sha256: new Uint8Array() };
  const found = await find(deps, agentId, named);
  if (found === null) return;
  deps.placings.set(found.execution.id, placingOf(progress.files ?? [], progress.bytes ?? 0));
  deps.changes.announce(found.run.orgId, "runs", found.run.id);
}
