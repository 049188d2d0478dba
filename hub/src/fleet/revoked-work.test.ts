// What was under way through an agent ends with its revocation, whether the agent is linked or not.
import { expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { TestHub } from "../testing/test-hub.ts";

type Run = { state: string; executions: { state: string; reason: string | null }[] };

test("a revoked agent's script is lost, its queued one refused, and its terminal ended, also when it is away", async () => {
  await using hub = await TestHub.start();
  const admin = await hub.asAdmin();
  const agent = await hub.enrolAgent({ script: () => null });
  const { items } = await admin.query<{ items: { id: string }[] }>("assets.list", {});
  const assetIds = [items[0]?.id ?? ""];
  const terminal = await admin.openTerminal(assetIds[0] ?? "");
  const start = () => admin.mutate<{ id: string }>("runs.create", { assetIds, script: "sleep 1000", interpreter: "sh" });
  const read = (id: string) => admin.query<Run>("runs.get", { id });
  const begun = await start();
  await eventually(
    () => read(begun.id),
    (run) => run.executions[0]?.state === "running",
  );
  agent.stop();
  await hub.restart();
  const again = await hub.asAdmin();
  const queued = await start();
  await again.mutate("fleet.revokeAgent", { id: agent.id });
  expect(await read(begun.id)).toMatchObject({ state: "finished", executions: [{ reason: "lost" }] });
  expect(await read(queued.id)).toMatchObject({ state: "finished", executions: [{ reason: "refused" }] });
  expect(await again.query("sessions.get", { id: terminal.sessionId })).toMatchObject({
    state: "ended",
    endReason: "agent-revoked",
  });
});
