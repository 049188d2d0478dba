// The live sessions of this hub process, by id and by agent.
import type { LiveSession } from "./live-session.ts";

/** Per person: scripts that open terminals in a loop end here, people never do. */
export const livePerPersonMax = 50;

export class LiveSessions {
  readonly #byId = new Map<string, LiveSession>();

  get size(): number {
    return this.#byId.size;
  }

  add(session: LiveSession): void {
    this.#byId.set(session.id, session);
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

  ofAgent(agentId: string): LiveSession[] {
    return this.all().filter((session) => session.agentId === agentId);
  }

  ofUser(userId: string): LiveSession[] {
    return this.all().filter((session) => session.userId === userId);
  }

  under(grantIds: string[]): LiveSession[] {
    return this.all().filter((session) => session.grantId !== null && grantIds.includes(session.grantId));
  }
}
