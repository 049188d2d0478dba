// Server-paged lists: the pages fetched so far as one array, with the search and filters of the address as input.
"use client";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useUrlState } from "../state/url-state.ts";

export interface PageOf<T> {
  items: T[];
  nextCursor: string | null;
  total: number;
}

export type PageQuery<T> = UseInfiniteQueryResult<InfiniteData<PageOf<T>>, unknown>;

export const nextPage = { getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor };

/** The search words as every list's input takes them. */
export function useSearch(): { search?: string } {
  const [url] = useUrlState();
  const search = url.get("q");
  return search === null ? {} : { search };
}
