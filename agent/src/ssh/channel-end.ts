// How a channel ended, told once and after its last byte was read.
import type { Closing } from "@sallyport/protocol/stream/stream-end";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connection.ts";

/** RFC 4254 §6.10 names signals without SIG; the library adds it. Anything else is a stranger's text. */
const signalName = /^SIG[A-Z0-9]{1,16}$/;

export function onChannelEnd(connection: SshConnection, channel: ClientChannel, tell: (closing: Closing) => void): void {
  let exit: Closing | null = null;
  channel.once("exit", (code: unknown, signal: unknown) => {
    if (typeof code === "number") exit = { exitCode: Math.min(code, 0x7fff_ffff), reason: "exit" };
    else exit = { exitCode: null, reason: typeof signal === "string" && signalName.test(signal) ? signal : "SIGUNKNOWN" };
  });
  channel.on("error", () => connection.end()); // without a listener one faulty channel would end the agent
  let open = 2;
  const done = (): void => {
    open -= 1;
    if (open > 0) return;
    tell(exit ?? { exitCode: null, reason: connection.closed ? "connection-lost" : "exit" });
    connection.end();
  };
  channel.once("close", done); // after stdout's end, but not after stderr's
  channel.stderr.once("end", done);
}
