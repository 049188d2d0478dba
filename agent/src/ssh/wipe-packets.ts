// Wipes what the SSH library was about to encrypt once it is encrypted. The library leaves packets in memory until chance has other bytes written
// over them, and some hold passwords. Reaches into ssh2 1.17.0, whose version is pinned; that it still reaches is what the memory tests show.
import type { Client } from "ssh2";

/** Of a packet's length: sent as it is, by reference, before the rest has left. */
const lengthBytes = 4;

/** Call after each key exchange: every one makes another cipher. */
export function wipePacketsOf(client: Client): void {
  const cipher = property(property(client, "_protocol"), "_cipher");
  const encrypt = property(cipher, "encrypt");
  if (typeof cipher !== "object" || cipher === null || typeof encrypt !== "function" || wiping.has(cipher)) return;
  wiping.add(cipher);
  Reflect.set(cipher, "encrypt", (packet: Uint8Array) => {
    Reflect.apply(encrypt, cipher, [packet]);
    packet.fill(0, lengthBytes);
  });
}

const wiping = new WeakSet<object>();

const property = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
