// The queue in front of the agents' port. A handshake costs this thread some milliseconds and cannot be interrupted, so a few begin at a time and the
// others wait as plain sockets: after a restart ten thousand agents are let in one after the other, and terminals feel none of it. Of those who have to wait, who
// says nothing gets no turn: a TLS client speaks first, so its hello is waited for, kept, and given to TLS when it is its turn.
//
//   arrives ──► nobody waits, there is a place among strangers and a turn ──► TLS
//      │                                                                       ▲
//      ├── has spoken ──► waits for both, in order ────────────────────────────┘
//      └── no room, silent, or waited too long: closed, and the agent tries again later
import type { Socket } from "node:net";

/** Begun at once and then in each further turn. A turn of four is about as long as an echo may be held up: 10 ms. */
const handshakesPerTurn = 4;
const turnMs = 10;
/** Agents give a handshake 30 s. */
const waitMsMax = 25_000;
/** Its hello comes with the connection; a phone on a bad line needs about two seconds. */
const silentMsMax = 5_000;
/** A waiting socket holds a descriptor and some 10 KiB. At 200 handshakes a second those at the end wait for the whole time. */
const waitingMax = 5_000;
/** Of one address, for each place it may have among strangers: many agents may stand behind one, but not the whole room. */
const waitingPerPlace = 2;
/** A ClientHello has 300 bytes to 2 KiB, and nothing follows it before our answer (RFC 8446 §2; early data is not offered). */
const helloBytesMax = 8 * 1024;

export type WaitingRoomOptions = {
  /** A place among those who have not signed in; null when there is none for this address. */
  reserve(address: string): (() => void) | null;
  perAddressMax: number;
};

type Guest = { socket: Socket; address: string; since: number; begin(release: () => void): void };

export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  /** Have said nothing yet. */
  readonly #silent = new Set<Guest>();
  /** Have spoken, in that order. */
  readonly #waiting = new Set<Guest>();
  readonly #ofAddress = new Map<string, number>();
  #turns = handshakesPerTurn;
  #refilledAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#silent.size + this.#waiting.size;
  }

  /** @param begin called once, with the place it holds from then on and what it said given back to it; not at all for a socket that is closed instead. */
  enter(socket: Socket, begin: (release: () => void) => void): void {
    const address = socket.remoteAddress ?? "";
    const guest: Guest = { socket, address, since: performance.now(), begin };
    // Not read before TLS reads it: what was once read here costs its link a quarter more processor time for ever.
    if (this.#waiting.size === 0 && this.#try(guest)) return;
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    if (this.size >= waitingMax || ofAddress >= this.#options.perAddressMax * waitingPerPlace) {
      socket.destroy();
      return;
    }
    this.#silent.add(guest);
    this.#ofAddress.set(address, ofAddress + 1);
    socket.on("error", () => {}); // a reset connection is not news
    socket.once("close", () => this.#leave(guest));
    socket.once("data", (hello: Buffer) => this.#heard(guest, hello));
    this.#timer ??= setInterval(() => this.#turn(), turnMs);
  }

  close(): void {
    for (const { socket } of [...this.#silent, ...this.#waiting]) socket.destroy();
    this.#stop();
  }

  #heard(guest: Guest, hello: Buffer): void {
    guest.socket.pause();
    if (hello.length > helloBytesMax) {
      guest.socket.destroy();
      return;
    }
    guest.socket.unshift(Buffer.from(hello)); // a copy: the socket read into 64 KiB
    this.#silent.delete(guest);
    this.#waiting.add(guest);
    if (this.#waiting.size === 1) this.#try(guest);
  }

  #turn(): void {
    const now = performance.now();
    for (const { socket, since } of [...this.#silent]) {
      if (since > now - silentMsMax) break; // in the order of their coming
      socket.destroy();
    }
    for (const guest of [...this.#waiting]) {
      if (guest.since < now - waitMsMax) guest.socket.destroy();
      else if (!this.#try(guest) && this.#turns < 1) break;
    }
    if (this.size === 0) this.#stop();
  }

  /** However late the timer comes, no more than one turn's worth begins: a busy hub lets in fewer. */
  #try(guest: Guest): boolean {
    const now = performance.now();
    this.#turns = Math.min(handshakesPerTurn, this.#turns + ((now - this.#refilledAt) / turnMs) * handshakesPerTurn);
    this.#refilledAt = now;
    if (this.#turns < 1) return false;
    const release = this.#options.reserve(guest.address);
    if (release === null) return false;
    this.#turns -= 1;
    this.#leave(guest);
    guest.begin(release);
    return true;
  }

  #leave(guest: Guest): void {
    if (!this.#silent.delete(guest) && !this.#waiting.delete(guest)) return;
    const left = (this.#ofAddress.get(guest.address) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(guest.address);
    else this.#ofAddress.set(guest.address, left);
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
