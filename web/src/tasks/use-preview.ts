// What a task would do now, asked while it is being written.
"use client";
import { useDebouncedValue } from "@mantine/hooks";
import type { Schedule, Targets } from "@sallyport/hub/tasks/input";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import { useMay } from "../frame/me.tsx";

/** Long enough for a word to be typed. */
const settleMs = 300;
const noTargets = { assetIds: [], nodeIds: [], labels: [], setIds: [] } satisfies Targets;

/** @param wanted null while it is not yet something that could be asked. */
export function usePreview(wanted: { targets?: Targets; account?: string; schedule?: Schedule | null } | null) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const mayRun = useMay("run.start");
  const [asked] = useDebouncedValue(JSON.stringify(wanted), settleMs);
  return useQuery({
    queryKey: [...trpc.tasks.preview.mutationKey(), asked],
    queryFn: () => client.tasks.preview.mutate({ targets: noTargets, ...wanted }),
    enabled: mayRun && wanted !== null && asked === JSON.stringify(wanted),
    placeholderData: keepPreviousData,
    retry: false,
  });
}
