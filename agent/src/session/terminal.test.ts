// Terminals over a real link.
import { expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";

test("what is typed reaches the shell and what it prints comes back", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell();
  terminal.type("echo sum=$((40+2)) user=$SALLYPORT_USER\n");
  await terminal.until(() => terminal.text().includes("sum=42 user=ada"));
  terminal.type("exit 7\n");
  await terminal.until(() => terminal.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: 7, reason: "exit" });
});
