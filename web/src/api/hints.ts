// Which cached answers a hint from the hub makes stale. A hint carries no data: it only says "look again".
import type { QueryClient } from "@tanstack/react-query";
import type { useTRPC } from "./trpc.ts";
import type { Outputs } from "./types.ts";

type Trpc = ReturnType<typeof useTRPC>;
type StreamOutput = Outputs["events"]["stream"];
export type Hint = StreamOutput extends AsyncIterable<infer H> ? H : StreamOutput;
type Topic = Hint["topic"];

function staleKeys(trpc: Trpc, topic: Topic) {
  switch (topic) {
    case "agents":
      return [trpc.fleet.pathKey(), trpc.assets.pathKey(), trpc.home.pathKey()];
    case "assets":
      return [
        trpc.assets.pathKey(),
        trpc.nodes.pathKey(),
        trpc.accounts.pathKey(),
        trpc.custody.pathKey(),
        trpc.templates.pathKey(),
        trpc.access.pathKey(),
        trpc.home.pathKey(),
      ];
    case "grants":
      return [trpc.access.pathKey(), trpc.assets.pathKey(), trpc.reviews.pathKey(), trpc.home.pathKey()];
    case "sessions":
      return [trpc.sessions.pathKey(), trpc.home.pathKey()];
    case "runs":
      return [trpc.runs.pathKey(), trpc.tasks.pathKey(), trpc.home.pathKey()];
    case "scripts":
      return [trpc.scripts.pathKey(), trpc.interpreters.pathKey()];
    case "files":
      return [trpc.files.pathKey()];
    case "tasks":
      return [trpc.tasks.pathKey(), trpc.calendars.pathKey(), trpc.targetSets.pathKey()];
    case "tickets":
      return [trpc.tickets.pathKey(), trpc.databases.ofTicket.pathKey(), trpc.breakGlass.held.queryKey()];
    case "rules":
      return [trpc.rules.pathKey()];
    case "people":
      return [trpc.people.pathKey(), trpc.groups.pathKey(), trpc.access.pathKey(), trpc.auth.state.queryKey()];
    case "audit":
      return [trpc.audit.pathKey(), trpc.home.pathKey()];
    case "enrolment":
      return [trpc.fleet.enrolmentToken.queryKey()];
    case "storage":
      return [trpc.home.pathKey(), trpc.settings.vault.queryKey()];
    case "notices":
      return [trpc.notices.pathKey()];
    case "execution":
      return [];
  }
}

export function applyHint(trpc: Trpc, queries: QueryClient, hint: Hint): void {
  if (hint.topic === "execution" && hint.id !== null) executionGrew(hint.id);
  for (const queryKey of staleKeys(trpc, hint.topic)) void queries.invalidateQueries({ queryKey });
}

/** Output of a running script grows several times a second: its viewers are told directly, past the cache. */
const executionWatchers = new Map<string, Set<() => void>>();

function executionGrew(id: string): void {
  for (const watcher of executionWatchers.get(id) ?? []) watcher();
}

export function watchExecution(id: string, watcher: () => void): () => void {
  const watchers = executionWatchers.get(id) ?? new Set();
  executionWatchers.set(id, watchers.add(watcher));
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) executionWatchers.delete(id);
  };
}
