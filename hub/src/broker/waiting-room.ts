// The queue in front of the agents' port. A handshake costs this thread some milliseconds and cannot be interrupted, so a few begin at a time and the
// others wait as plain sockets, unread: after a restart ten thousand agents are let in one after the other, and terminals feel none of it.
//
//   arrives ──► a place among strangers, and a turn ──► TLS
//      │                        ▲
//      ├── waits, in order ─────┘
//      └── no room, or waited too long: closed, and the agent tries again later
import type { Socket } from "node:net";

/** Begun at once and then in each further turn. A turn of four is about as long as an echo may be held up: 10 ms. */
const handshakesPerTurn = 4;
const turnMs = 10;
/** Agents give a handshake 30 s. */
const waitMsMax = 25_000;
/** A waiting socket holds a descriptor and about 5 KiB. At 200 handshakes a second those at the end wait for the whole time. */
const waitingMax = 5_000;
/** Of one address, for each place it may have among strangers: many agents may stand behind one, but not the whole room. */
const waitingPerPlace = 2;

export type WaitingRoomOptions = {
  /** A place among those who have not signed in; null when there is none for this address. */
  reserve(address: string): (() => void) | null;
  perAddressMax: number;
};

type Guest = { socket: Socket; address: string; since: number; begin(release: () => void): void };

export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  /** In the order of their coming. */
  readonly #waiting = new Set<Guest>();
  readonly #ofAddress = new Map<string, number>();
  #turns = handshakesPerTurn;
  #refilledAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @param begin called once, now or later, with the place it holds from then on; not at all for a socket that is closed instead. */
  enter(socket: Socket, begin: (release: () => void) => void): void {
    const address = socket.remoteAddress ?? "";
    const guest: Guest = { socket, address, since: performance.now(), begin };
    if (this.#waiting.size === 0 && this.#try(guest)) return;
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    if (this.#waiting.size >= waitingMax || ofAddress >= this.#options.perAddressMax * waitingPerPlace) {
      socket.destroy();
      return;
    }
    this.#waiting.add(guest);
    this.#ofAddress.set(address, ofAddress + 1);
    socket.on("error", () => {}); // a reset connection is not news
    socket.once("close", () => this.#leave(guest));
    this.#timer ??= setInterval(() => this.#turn(), turnMs);
  }

  close(): void {
    for (const { socket } of [...this.#waiting]) socket.destroy();
    this.#stop();
  }

  #turn(): void {
    const tooLong = performance.now() - waitMsMax;
    for (const guest of [...this.#waiting]) {
      if (guest.since < tooLong) guest.socket.destroy();
      else if (this.#try(guest)) this.#leave(guest);
      else if (this.#turns < 1) break;
    }
    if (this.#waiting.size === 0) this.#stop();
  }

  /** However late the timer comes, no more than one turn's worth begins: a busy hub lets in fewer. */
  #try({ address, begin }: Guest): boolean {
    const now = performance.now();
    this.#turns = Math.min(handshakesPerTurn, this.#turns + ((now - this.#refilledAt) / turnMs) * handshakesPerTurn);
    this.#refilledAt = now;
    if (this.#turns < 1) return false;
    const release = this.#options.reserve(address);
    if (release === null) return false;
    this.#turns -= 1;
    begin(release);
    return true;
  }

  #leave(guest: Guest): void {
    if (!this.#waiting.delete(guest)) return;
    const left = (this.#ofAddress.get(guest.address) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(guest.address);
    else this.#ofAddress.set(guest.address, left);
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
