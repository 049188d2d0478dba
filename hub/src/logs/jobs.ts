// Periodic work of the logs: how much room there is. Every second, because a fast disk is filled in a few.
import type { Changes } from "../platform/changes.ts";
import type { LogStore } from "./log-store.ts";

/** Looks, and tells the screens that are open when what is left allows less than before, or more. */
export function lookAtRoom(store: LogStore, changes: Changes, { keepReserve }: { keepReserve: boolean }): () => Promise<void> {
  const { room } = store;
  let told = room.state;
  return async () => {
    await store.refreshRoom(keepReserve);
    if (room.state === told) return;
    told = room.state;
    changes.announce(null, "storage");
  };
}
