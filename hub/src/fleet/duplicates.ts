// Notices one key used by two processes: a cloned disk, or a thief. Pure memory of who linked lately.
//
// One agent process has one instance id. A link that replaces a living one from another instance may be a restarted agent
// whose old connection lingers. When the older instance comes back after that, two processes are alive: that is a duplicate.

const rememberMs = 10 * 60_000;
const agentsMax = 20_000;

type Seen = { instanceId: string; address: string; atMs: number };

export class Duplicates {
  readonly #seen = new Map<string, Seen[]>();

  /** Notes a hello; returns the addresses involved when it proves a duplicate. */
  note(agentId: string, hello: { instanceId: string; address: string }, nowMs: number): string[] | null {
    const seen = (this.#seen.get(agentId) ?? []).filter((one) => nowMs - one.atMs < rememberMs);
    const last = seen.at(-1);
    const before = seen.findIndex((one) => one.instanceId === hello.instanceId);
    const duplicate = last !== undefined && last.instanceId !== hello.instanceId && before >= 0;
    if (before >= 0) seen.splice(before, 1);
    seen.push({ ...hello, atMs: nowMs });
    this.#seen.delete(agentId);
    this.#seen.set(agentId, seen.slice(-8));
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= agentsMax) break;
      this.#seen.delete(oldest);
    }
    return duplicate ? [...new Set(seen.map((one) => one.address))] : null;
  }
}
