// Opens a thing to be changed: it is asked for anew each time, and what somebody is writing stays as it was opened, whatever others change meanwhile.
"use client";
import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useFirst } from "../state/use-first.ts";
import { Failed } from "./page-states.tsx";

/** How the thing is asked for. */
export const forEdit = { staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnMount: "always" } as const;

interface OpenForEditProps<T> {
  /** Null: nothing is opened, a new one is written. */
  id: string | null;
  query: Pick<UseQueryResult<T, unknown>, "data" | "error" | "isError" | "isFetching" | "refetch">;
  children: (opened: T | null) => ReactNode;
}

export function OpenForEdit<T>({ id, query, children }: OpenForEditProps<T>) {
  const opened = useFirst(query.isFetching ? undefined : query.data);
  if (id === null) return children(null);
  if (opened !== undefined) return children(opened);
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Stack p="xl" aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="60vh" />
    </Stack>
  );
}
