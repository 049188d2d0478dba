// Terminals through a hub: opened, recorded, resumed, watched, ended.
import { describe, expect, test } from "vitest";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Page<T> = { items: T[]; total: number };
type SessionShape = { id: string; state: string; endReason: string | null; exitCode: number | null; outputBytes: number };

const sessionOf = (client: TestClient, id: string) =>
  client.query<SessionShape & { evidence: { verified: string } }>("sessions.get", { id });

async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await read();
    if (holds(value) || tries > 100) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a terminal", () => {
  test("echoes what is typed, and its recording holds every byte", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const { items } = await admin.query<Page<{ id: string; online: boolean }>>("assets.list", {});
    expect(items[0]?.online).toBe(true);
    const terminal = await admin.openTerminal(items[0]?.id ?? "");
    terminal.type("hello 你好 🎉");
    await terminal.until(() => terminal.text.includes("🎉"));
    agent.shells.values().next().value?.end.close({ exitCode: 3, reason: "exit" });
    agent.mux.wake();
    expect(await terminal.ended()).toMatchObject({ reason: "exit", exitCode: 3 });
    expect(await sessionOf(admin, terminal.sessionId)).toMatchObject({
      state: "ended",
      endReason: "exit",
      exitCode: 3,
      outputBytes: terminal.output.length,
      evidence: { verified: "ok" },
    });
    const cast = await (await admin.rest("GET", `/api/v1/sessions/${terminal.sessionId}/recording.cast`)).text();
    const [head, ...events] = cast
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(head).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(
      events
        .filter(([, kind]) => kind === "o")
        .map(([, , text]) => text)
        .join(""),
    ).toBe(terminal.text);
  });

  test("goes on where it was when the window drops and comes back, with nothing lost or doubled", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    terminal.type("one");
    await terminal.until(() => terminal.text === "one");
    terminal.drop();
    const shell = agent.shells.values().next().value;
    shell?.ring.append(Buffer.from(" two"));
    agent.mux.wake();
    const again = await admin.attach(terminal.sessionId, terminal.outputOffset);
    await again.until(() => again.text === " two");
    again.type(" three");
    await again.until(() => again.text === " two three");
  });

  test("rejoined without a screen gets a snapshot that draws it", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    terminal.type("\u001b[31mred\u001b[0m and plain");
    await terminal.until(() => terminal.text.includes("plain"));
    terminal.drop();
    const again = await admin.attach(terminal.sessionId, null);
    await again.until(() => again.find("snapshot") !== undefined);
    expect(again.find("snapshot")).toMatchObject({ offset: terminal.outputOffset, cols: 80, rows: 24 });
    expect(String(again.find("snapshot")?.["screen"])).toContain("red");
  });

  test("survives the loss of its agent's link: what was printed meanwhile comes, each byte once", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    const shell = agent.shells.values().next().value;
    agent.cut();
    await terminal.until(() => terminal.messages.some((message) => message.type === "agent" && message["online"] === false));
    for (let n = 0; n < 1_000; n++) shell?.ring.append(Buffer.from(`line ${n}\r\n`));
    terminal.type("typed while away");
    await agent.link();
    await terminal.until(() => terminal.text.includes("typed while away") && terminal.text.includes("line 999"));
    expect(terminal.text.match(/line \d+/g)?.length).toBe(1_000);
  });

  test("survives a restart of the hub", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    terminal.type("before ");
    await terminal.until(() => terminal.text === "before ");
    await hub.restart();
    await agent.link();
    const again = await admin.attach(terminal.sessionId, terminal.outputOffset);
    again.type("after");
    await again.until(() => again.text === "after");
    expect(await sessionOf(admin, terminal.sessionId)).toMatchObject({ state: "live" });
  });

  test("is waited for by a window that came back before its agent", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    await hub.restart();
    let answered = false;
    const attached = admin.attach(terminal.sessionId, terminal.outputOffset).then((again) => {
      answered = true;
      return again;
    });
    expect(await admin.query("auth.state")).toBeDefined(); // the hub has read what came before
    expect(answered).toBe(false);
    await agent.link();
    const again = await attached;
    again.type("together");
    await again.until(() => again.text === "together");
  });

  test("nobody looks at ends after its grace, and says so", async () => {
    await using hub = await TestHub.start({ detachGraceSeconds: 1 });
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    terminal.close();
    expect(
      await eventually(
        () => sessionOf(admin, terminal.sessionId),
        (session) => session.state === "ended",
      ),
    ).toMatchObject({ endReason: "detached" });
    await eventually(
      async () => agent.shells.size,
      (size) => size === 0,
    );
    expect(agent.shells.size).toBe(0);
  });

  test("ended by an administrator closes its window with the reason", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    await admin.mutate("sessions.end", { id: terminal.sessionId });
    expect(await terminal.ended()).toMatchObject({ reason: "ended-by-user" });
  });

  test("a window that reads nothing does not make the hub hold its output, and the owner's other window goes on", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    const lazy = await admin.attach(terminal.sessionId, 0);
    lazy.acknowledge = false;
    const shell = agent.shells.values().next().value;
    const line = Buffer.alloc(65_536, "x");
    for (let n = 0; n < 48; n++) shell?.ring.append(line);
    agent.mux.wake();
    await terminal.until(() => terminal.output.length === 48 * 65_536);
    expect(lazy.output.length).toBeLessThanOrEqual(256 * 1024 + 65_536);
  });

  test("input out of step closes the window that sent it, not the session", async () => {
    await using hub = await TestHub.start();
    const admin = await hub.asAdmin();
    await hub.enrolAgent();
    const terminal = await admin.openTerminal(await firstAsset(admin));
    terminal.sendRaw(Buffer.concat([Buffer.from("0000000000000fff", "hex"), Buffer.from("x")]));
    await terminal.until(() => terminal.closeCode !== null);
    expect(terminal.closeCode).toBe(4400);
    const again = await admin.attach(terminal.sessionId, 0);
    expect(again.find("opened")).toBeDefined();
  });
});

export async function firstAsset(client: TestClient): Promise<string> {
  const { items } = await client.query<Page<{ id: string }>>("assets.list", {});
  return items[0]?.id ?? "";
}
