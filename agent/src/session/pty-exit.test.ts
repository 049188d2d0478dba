// A terminal's last words: what a program printed before it ended is never lost, however fast it ended and however slow the reader.
import { createHash } from "node:crypto";
import { terminalWindowBytes } from "@sallyport/protocol/limits";
import { type FrameSink, StreamMux } from "@sallyport/protocol/stream/mux";
import { expect, test } from "vitest";
import { HubStream } from "../testing/hub-stream.ts";
import { EchoLooks } from "./echo-watch.ts";
import { Pty, type PtyOptions } from "./pty.ts";
import { TerminalSession } from "./terminal-session.ts";

const exits = 200;
const outputBytes = 1_000_000;
const atOnce = 6;

/** Different bytes in every place, and none that a terminal changes on its way. */
const print = `head -c ${outputBytes} /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00 -nosalt 2>/dev/null | base64 -w 0 | head -c ${outputBytes}`;

const shell = (command: string): PtyOptions => ({
  file: "/bin/sh",
  args: ["-c", command],
  cwd: "/tmp",
  env: { PATH: "/usr/local/bin:/usr/bin:/bin", TERM: "dumb" },
  columns: 80,
  rows: 24,
});

/** Two ends of one link in this process. */
function linked(): { agent: StreamMux; hub: StreamMux } {
  const options = { onFault: () => {}, onStray: () => {} };
  const agent = new StreamMux(options);
  const hub = new StreamMux(options);
  const sinkTo = (mux: StreamMux): FrameSink => ({
    writable: () => true,
    write: (frame) => setImmediate(() => mux.receive(frame)),
  });
  agent.attach(sinkTo(hub));
  hub.attach(sinkTo(agent));
  return { agent, hub };
}

async function run(link: { agent: StreamMux; hub: StreamMux }, stream: number): Promise<Buffer> {
  const terminal = new HubStream(link.hub, { stream, channels: [0], window: terminalWindowBytes, priority: "interactive" });
  let gone = false;
  const session = new TerminalSession({
    stream,
    sessionId: "ses",
    open: (owner) => new Pty(shell(print), owner),
    keepMs: 60_000,
    mux: link.agent,
    echoLooks: new EchoLooks(),
    onEchoChanged: () => {},
    onGone: () => (gone = true),
    ringBytes: 256 * 1_024,
  });
  await terminal.until(() => terminal.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: 0, reason: "exit" });
  expect(session.ended).toBe(true);
  terminal.close("seen");
  await expect.poll(() => gone).toBe(true);
  return terminal.bytes();
}

test(`${exits} exits of 1 MB lose no byte`, { timeout: 60_000 }, async () => {
  const link = linked();
  const sums = new Map<string, number>();
  let next = 1;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next <= exits) {
        const bytes = await run(link, next++);
        const sum = `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
        sums.set(sum, (sums.get(sum) ?? 0) + 1);
      }
    }),
  );
  expect([...sums]).toEqual([[expect.stringMatching(new RegExp(`^${outputBytes} `)), exits]]);
});

test("a reader that pauses for longer than the program lives still gets all of it", async () => {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    const pty: Pty = new Pty(shell("printf %20000s . | tr ' ' x; exit 3"), {
      onOutput: (bytes) => {
        chunks.push(bytes);
        setTimeout(() => pty.resume(), 400); // node-pty itself gives up after 200
        return false;
      },
      onInputTaken: () => {},
      onEnd: ({ exitCode }) => {
        expect(exitCode).toBe(3);
        resolve();
      },
    });
  });
  expect(Buffer.concat(chunks).length).toBe(20_000);
});

test("a terminal ends with its shell although something it left behind still holds it", async () => {
  const started = performance.now();
  const text = await new Promise<string>((resolve) => {
    let output = "";
    new Pty(shell("trap '' HUP; sleep 20 & echo last words"), {
      onOutput: (bytes) => {
        output += bytes.toString();
        return true;
      },
      onInputTaken: () => {},
      onEnd: () => resolve(output),
    });
  });
  expect(text).toContain("last words");
  expect(performance.now() - started).toBeLessThan(15_000); // before the sleep is over
});

test("no terminal hands another one's descriptor to its shell", async () => {
  const quiet = { onOutput: () => true, onInputTaken: () => {}, onEnd: () => {} };
  const other = new Pty(shell("sleep 20"), quiet);
  const text = await new Promise<string>((resolve) => {
    let output = "";
    new Pty(shell("ls -l /proc/self/fd"), {
      ...quiet,
      onOutput: (bytes) => {
        output += bytes.toString();
        return true;
      },
      onEnd: () => resolve(output),
    });
  });
  other.hangUp();
  expect(text).toContain("/dev/pts/");
  expect(text).not.toContain("ptmx");
});
