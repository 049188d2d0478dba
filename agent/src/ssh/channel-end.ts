// How a channel ended, told once and after its last byte was read.
import type { Closing } from "@sallyport/protocol/stream/stream-end";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connection.ts";

/** RFC 4254 §6.10 names signals without SIG; the library adds it. Anything else is a stranger's text. */
const signalName = /^SIG[A-Z0-9]{1,16}$/;

export function onChannelEnd(connection: SshConnection, channel: ClientChannel, tell: (closing: Closing) => void): void {
  let exit: Closing | null = null;
  let open = 2;
  const done = (): void => {
    open -= 1;
    if (open > 0) return;
    tell(exit ?? { exitCode: null, reason: connection.closed ? "connection-lost" : "exit" });
    connection.end();
  };
  channel.on("error", () => connection.end()); // without a listener one faulty channel would end the agent
  // It repeats what the library's `exit` said, which a quick command says before anybody can listen. Comes after stdout's end, not after stderr's.
  channel.once("close", (code: unknown, signal: unknown) => {
    exit = exitOf(code, signal);
    done();
  });
  channel.stderr.once("end", done);
}

/** Null when the neighbour did not say. */
function exitOf(code: unknown, signal: unknown): Closing | null {
  if (typeof code === "number") return { exitCode: Math.min(code, 0x7fff_ffff), reason: "exit" };
  if (code !== null) return null;
  return { exitCode: null, reason: typeof signal === "string" && signalName.test(signal) ? signal : "SIGUNKNOWN" };
}
