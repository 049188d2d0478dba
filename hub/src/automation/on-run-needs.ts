// An execution may begin, or has begun and its agent lost the way to it: the agent gets what it needs for that, for this execution alone. Asking
// twice is harmless; each answer is a connection of its own.
//
// Of a script that has begun nobody asks for the grant again: who does not reach it can neither stop it nor keep what it prints.
import type { wire } from "@sallyport/protocol/wire";
import { and, eq, inArray } from "drizzle-orm";
import { mayGoOn } from "../access/recheck.ts";
import { readSecret } from "../assets/account-secrets.ts";
import { actAs } from "../identity/act-as.ts";
import { users } from "../identity/schema.ts";
import type { Neighbour } from "../neighbours/neighbours.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { shortText } from "../platform/text.ts";
import type { AutomationDeps } from "./deps.ts";
import { forbidden, workOf } from "./end-forbidden-runs.ts";
import { type ExecutionRow, executions, type RunRow, runs } from "./schema.ts";
import { scriptAccount } from "./script-account.ts";
import { assertMayUseSecrets, sealSecrets } from "./script-secrets.ts";

/** RunLacks.message on the wire. */
const messageBytesMax = 512;

type Wanted = {
  execution: ExecutionRow & { agentId: string };
  run: RunRow;
  person: { id: string; name: string; username: string };
};

export async function onRunNeeds(deps: AutomationDeps, agentId: string, needs: wire.RunNeeds.$Properties): Promise<void> {
  const executionId = needs.executionId ?? "";
  const attempt = needs.attempt ?? 0;
  const lacks = (final: boolean, message: string) =>
    void deps.links
      .get(agentId)
      ?.send({ runLacks: { executionId, attempt, final, message: shortText(message, messageBytesMax) } });
  const wanted = await find(deps, agentId, executionId, attempt);
  if (wanted === null) return lacks(true, "The hub does not wait for this execution any more.");
  const refuse = (error: unknown) => {
    // What the agent itself refuses, it tells with the result.
    if (error instanceof HubError && error.code === "agent-refused" && error.facts["reason"] !== "no-sealing-key") return;
    if (!(error instanceof HubError)) deps.log.error({ execution: executionId, ...errorFields(error) }, "execution not equipped");
    lacks(error instanceof HubError, error instanceof HubError ? error.message : "The hub could not prepare this execution.");
  };
  try {
    if (wanted.execution.state === "claimed" && !(await mayBegin(deps, wanted))) return lacks(true, forbidden.message);
    const secrets = needs.wayInOnly === true ? [] : await secretsFor(deps, wanted);
    const neighbour = wanted.execution.zoneId === null ? null : await wayIn(deps, wanted);
    // Not waited for: the agent's answer comes behind its other messages, which are taken one after the other.
    void send(deps, wanted, neighbour, secrets).catch(refuse);
  } catch (error) {
    refuse(error);
  }
}

async function find({ db }: AutomationDeps, agentId: string, executionId: string, attempt: number): Promise<Wanted | null> {
  const [row] = await db
    .select({ execution: executions, run: runs, person: { id: users.id, name: users.name, username: users.username } })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .innerJoin(users, eq(users.id, runs.createdBy))
    .where(
      and(
        eq(executions.id, executionId),
        eq(executions.agentId, agentId),
        eq(executions.attempt, attempt),
        inArray(executions.state, ["claimed", "running", "stopping"]),
      ),
    );
  return row === undefined ? null : { ...row, execution: { ...row.execution, agentId } };
}

async function mayBegin({ db, clock }: AutomationDeps, { execution, run }: Wanted): Promise<boolean> {
  const { on } = await mayGoOn(db, [workOf(execution, run)], clock.now());
  return on.has(execution.id);
}

/** Of a script that has begun the agent has them already, and needs them again to hide them in what is left of the output. */
async function secretsFor(deps: AutomationDeps, { execution, run, person }: Wanted): Promise<wire.SecretVariable.$Properties[]> {
  if (Object.keys(run.secrets).length === 0) return [];
  if (execution.state === "claimed") {
    const owner = await actAs(deps.db, run.orgId, run.createdBy, { kind: "run", runId: run.id }, deps.clock.now());
    await assertMayUseSecrets(deps.db, owner, run.secrets);
  }
  return sealSecrets(deps, person, run, execution);
}

async function wayIn(deps: AutomationDeps, { execution, person }: Wanted): Promise<Neighbour> {
  const { asset, account } = await scriptAccount(deps.db, execution, person.username);
  const secret = await readSecret(deps.db, deps.vault, account);
  const order = { agentId: execution.agentId, subjectId: execution.id };
  return deps.neighbours.prepareFor(asset, { username: account.username, secret }, order);
}

/** Resolves when the agent is in, or has said why not. */
async function send(
  { orders, neighbours }: AutomationDeps,
  { execution }: Wanted,
  neighbour: Neighbour | null,
  secrets: wire.SecretVariable.$Properties[],
): Promise<void> {
  const { id, attempt, agentId } = execution;
  const ssh = neighbour === null ? {} : { ssh: neighbour.target };
  let answered = () => {};
  try {
    await orders.send(agentId, { equipRun: { executionId: id, attempt, ...ssh, secrets } }, (sequence) => {
      if (neighbour !== null) answered = neighbours.begin(agentId, sequence, neighbour.connecting);
    });
  } finally {
    answered();
  }
}
