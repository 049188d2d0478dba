// Listens to the hub's hints for as long as a person is signed in. Draws nothing.
"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useRef } from "react";
import { applyHint } from "./hints.ts";
import { useTRPC } from "./trpc.ts";

export function LiveUpdates() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const startedBefore = useRef(false);
  useSubscription(
    trpc.events.stream.subscriptionOptions(undefined, {
      onStarted: () => {
        // Hints sent while we were away are gone, so everything on screen is asked for again.
        if (startedBefore.current) void queries.invalidateQueries();
        startedBefore.current = true;
      },
      onData: (hint) => applyHint(trpc, queries, hint),
    }),
  );
  return null;
}
