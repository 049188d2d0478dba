// Pings a WebSocket while it is open, ends one that answers no more, and asks again whether its person is still signed in.
import type { WebSocket } from "ws";

/** Proxies drop silent sockets after a minute; a sleeping laptop is noticed after two of these. */
const pingMs = 20_000;

/** @param stillSignedIn a person who signed out or was disabled is not left with an open door. */
export function keepAlive(socket: WebSocket, stillSignedIn: () => Promise<boolean>, onSignedOut: () => void): void {
  let heard = true;
  socket.on("pong", () => {
    heard = true;
  });
  const timer = setInterval(() => {
    // A socket that we do not read does not bring its pong either: the other end is asked to wait.
    if (!heard && !socket.isPaused) {
      socket.terminate();
      return;
    }
    heard = false;
    socket.ping();
    stillSignedIn().then(
      (yes) => {
        if (!yes) onSignedOut();
      },
      () => {}, // the database is away: the next round asks again
    );
  }, pingMs);
  socket.once("close", () => clearInterval(timer));
}
