// Signs in on an asset with a secret, by any agent that reaches it, and may run one command there.
import { newId } from "@sallyport/protocol/ids";
import type { AssetInZone } from "../assets/assets.ts";
import type { Secret } from "../assets/secret.ts";
import type { AgentRow } from "../fleet/schema.ts";
import { HubError } from "../platform/errors.ts";
import { agentsFor } from "../sessions/choose-agent.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { mayDifferElsewhere, type OutcomeCode, outcomeOf, outcomeOfError } from "./outcome.ts";
import { outputBytesMax, RemoteCommand } from "./remote-command.ts";
import type { Su, TargetCommand } from "./target-script.ts";

/** @property su whom it becomes there; null: it stays who it is. */
export type Login = { username: string; secret: Secret; su: Su | null };
export type Tried = { agent: { id: string; name: string }; code: OutcomeCode };

/**
 * `works` when it signed in and the command ended. `mayHaveRun` false: nothing was changed there; true with another code: what the command did
 * is not known. `facts` are those of the refusal, such as the fingerprints of host keys.
 */
export type SignIn = { code: OutcomeCode; tried: Tried[]; mayHaveRun: boolean; stdout: string; facts: HubError["facts"] };

/** What is run where nothing is to be done: every shell and most devices know it. */
const nothing: TargetCommand = { command: "exit 0", secretLines: [], stdin: "" };

/** useradd on a host with slow directories takes seconds; a host that takes a minute is not answering. */
const commandSeconds = 60;
/** The link may be lost for a moment; longer than this the command's end is not waited for. */
const keepSeconds = 5;

/** Signs in as the login's first account; becoming another is the command's. Never throws for what an agent or the asset does. */
export async function signInThere(
  deps: SessionDeps,
  target: AssetInZone,
  login: Login,
  work: TargetCommand = nothing,
): Promise<SignIn> {
  const tried: Tried[] = [];
  const ended = (code: OutcomeCode, more: Partial<SignIn> = {}): SignIn => ({
    code,
    tried,
    mayHaveRun: false,
    stdout: "",
    facts: {},
    ...more,
  });
  let agents: AgentRow[];
  try {
    agents = await agentsFor(deps, target, "ssh");
  } catch (error) {
    return ended(outcomeOfError(error));
  }
  let last = ended("agent-offline");
  for (const agent of agents) {
    last = ended("works", await once(deps, target, login, work, agent));
    tried.push({ agent: { id: agent.id, name: agent.name }, code: last.code });
    if (last.mayHaveRun || !mayDifferElsewhere(last.code)) return last;
  }
  return last;
}

async function once(
  deps: SessionDeps,
  { asset }: AssetInZone,
  login: Login,
  { command, secretLines, stdin }: TargetCommand,
  agent: AgentRow,
): Promise<Omit<SignIn, "tried">> {
  const { links, orders, neighbours } = deps;
  const sessionId = newId("ses");
  const opened: { remote: RemoteCommand | null; forget: () => void } = { remote: null, forget: () => {} };
  let noteLost = () => {};
  const lost = new Promise<"lost">((resolve) => {
    noteLost = () => resolve("lost");
  });
  const stopListening = links.onChange(({ agentId, online }) => {
    if (agentId === agent.id && !online) noteLost();
  });
  const unknown = (code: OutcomeCode) => ({ code, mayHaveRun: true, stdout: "", facts: {} });
  try {
    const neighbour = await neighbours.prepareFor(asset, login, { agentId: agent.id, subjectId: sessionId });
    if (secretLines.length > 0 && !links.processOf(agent.id)?.secretLines)
      throw new HubError("agent-refused", "The agent takes no sealed secrets for commands. A newer agent does.", {
        facts: { reason: "too-old" },
      });
    const order = {
      sessionId,
      ssh: neighbour.target,
      command,
      keepSeconds,
      timeoutSeconds: commandSeconds,
      outputBytesMax,
      secretLines: secretLines.map((line) => neighbours.seal(Buffer.from(line), { agentId: agent.id, subjectId: sessionId })),
    };
    const sent = orders
      .send(agent.id, { openExec: order }, (stream) => {
        opened.forget = neighbours.begin(agent.id, stream, neighbour.connecting);
        opened.remote = new RemoteCommand({ stream, mux: links.streamsOf(agent.id) });
      })
      .catch((error: unknown) => {
        throw neighbours.reasonOf(neighbour, error);
      });
    sent.catch(() => {}); // the answer may come after the link was lost, when nobody asks any more
    if ((await Promise.race([sent, lost])) === "lost" || opened.remote === null) return unknown("agent-lost");
    opened.remote.begin(stdin);
    const end = await Promise.race([opened.remote.ended, lost]);
    if (end === "lost") return unknown("agent-lost");
    if (end.exitCode === null) return unknown(outcomeOf(end.reason));
    return { code: "works", mayHaveRun: true, stdout: end.stdout, facts: {} };
  } catch (error) {
    opened.remote?.close("not-opened");
    const facts = error instanceof HubError ? error.facts : {};
    // An agent that refuses has run nothing; of one that does not answer nobody knows.
    return { code: outcomeOfError(error), mayHaveRun: facts["reason"] === "no-answer", stdout: "", facts };
  } finally {
    stopListening();
    opened.forget();
  }
}
