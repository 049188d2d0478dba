// The part of a page's state that belongs in its address: filters, the open side panel, the chosen tab.
"use client";
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

/** The address's parameters, and a setter that replaces some of them (null removes) without a new history entry. */
export function useUrlState(): readonly [URLSearchParams, (changes: Record<string, string | null>) => void] {
  const parameters = useSearchParams();
  const change = useCallback((changes: Record<string, string | null>) => {
    const next = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === "") next.delete(key);
      else next.set(key, value);
    }
    const query = next.toString();
    history.replaceState(null, "", query === "" ? location.pathname : `${location.pathname}?${query}`);
  }, []);
  return [parameters, change];
}

/** The value if it is one of `allowed`: an address is typed by hand as often as made by us. */
export function oneOf<T extends string>(value: string | null, allowed: readonly T[]): T | undefined {
  return allowed.find((candidate) => candidate === value);
}
