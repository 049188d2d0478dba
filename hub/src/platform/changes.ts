// Hints that something changed, for screens that are open. Carries no data: whoever hears one asks again, and is authorised again.

export const topics = [
  "agents",
  "sessions",
  "runs",
  "scripts",
  "files",
  "tasks",
  "tickets",
  "rules",
  "execution",
  "people",
  "grants",
  "audit",
  "enrolment",
  "assets",
  "storage",
  "notices",
] as const;
export type Topic = (typeof topics)[number];
/** Without an organisation: something of the hub itself, which all of them share. */
export type Change = { orgId: string | null; topic: Topic; id: string | null };

/** Hints of one topic and id within this time are one hint. */
const quietMs = 200;

export class Changes {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #held = new Map<string, { change: Change; again: boolean }>();

  /** At once when it was quiet, and once more after the quiet time if more came: the last state is always announced. */
  announce(orgId: string | null, topic: Topic, id: string | null = null): void {
    if (this.#listeners.size === 0) return; // who opens a screen asks for its state anyway
    const key = `${orgId ?? ""}/${topic}/${id ?? ""}`;
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.again = true;
      return;
    }
    const entry = { change: { orgId, topic, id }, again: false };
    this.#held.set(key, entry);
    this.#tell(entry.change);
    setTimeout(() => {
      this.#held.delete(key);
      if (entry.again) this.announce(orgId, topic, id);
    }, quietMs).unref();
  }

  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
