// The live sessions of this hub process, by id and by agent.
import type { LiveSession } from "./live-session.ts";

/** Per person: scripts that open terminals in a loop end here, people never do. */
export const livePerPersonMax = 50;

export class LiveSessions {
  readonly #byId = new Map<string, LiveSession>();
  readonly #opening = new Map<string, number>();
  readonly #closing = new Map<string, Promise<void>>();
  /** Who waits for a session to come back; each is a socket, and waits for a few seconds. */
  readonly #awaited = new Map<string, Set<(session?: LiveSession) => void>>();

  get size(): number {
    return this.#byId.size;
  }

  add(session: LiveSession): void {
    this.#byId.set(session.id, session);
    for (const tell of this.#awaited.get(session.id) ?? []) tell(session);
  }

  /** The session now, or when its agent has brought it back; undefined when that takes longer. */
  comes(id: string, withinMs: number): Promise<LiveSession | undefined> {
    const present = this.#byId.get(id);
    if (present !== undefined) return Promise.resolve(present);
    return new Promise((resolve) => {
      const waiting = this.#awaited.get(id) ?? new Set();
      this.#awaited.set(id, waiting);
      const tell = (session?: LiveSession): void => {
        clearTimeout(timer);
        waiting.delete(tell);
        if (waiting.size === 0 && this.#awaited.get(id) === waiting) this.#awaited.delete(id);
        resolve(session);
      };
      const timer = setTimeout(tell, withinMs);
      waiting.add(tell);
    });
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  get(id: string): LiveSession | undefined {
    return this.#byId.get(id);
  }

  all(): LiveSession[] {
    return [...this.#byId.values()];
  }

  /**
   * Room for one more of this person's terminals? Those on their way count too, so fifty asked for at once are fifty.
   * The returned function says that it is on its way no more: it is live, or it did not open.
   */
  reserve(userId: string): (() => void) | null {
    const opening = this.#opening.get(userId) ?? 0;
    if (this.ofUser(userId).length + opening >= livePerPersonMax) return null;
    this.#opening.set(userId, opening + 1);
    return () => {
      const left = (this.#opening.get(userId) ?? 1) - 1;
      if (left === 0) this.#opening.delete(userId);
      else this.#opening.set(userId, left);
    };
  }

  /** Of several reasons to close a session at once, the first one stands; the others wait for it to be done. */
  closeOnce(id: string, work: () => Promise<void>): Promise<void> {
    const running = this.#closing.get(id) ?? work().finally(() => this.#closing.delete(id));
    this.#closing.set(id, running);
    return running;
  }

  ofAgent(agentId: string): LiveSession[] {
    return this.all().filter((session) => session.agentId === agentId);
  }

  ofUser(userId: string): LiveSession[] {
    return this.all().filter((session) => session.userId === userId);
  }
}
