// Whose sign-in page this is: the organisation that the address names (`?org=`), else the one of the last sign-in in this browser, else the hub's own.
"use client";
import { useSearchParams } from "next/navigation";
import { useEffect, useState } from "react";

const storageKey = "sallyport.organisation";
const isSlug = (text: string | null): text is string => text !== null && /^[a-z0-9-]{1,64}$/.test(text);

export function rememberOrganisation(slug: string): void {
  if (isSlug(slug)) localStorage.setItem(storageKey, slug);
}

/** slug: undefined for the hub's own. remembered: by this browser alone, so that a person may want another. */
export function useSignInOrganisation(): { slug: string | undefined; remembered: boolean; forget: () => void } {
  const named = useSearchParams().get("org");
  const [stored, setStored] = useState<string | null>(() =>
    typeof localStorage === "undefined" ? null : localStorage.getItem(storageKey),
  );
  useEffect(() => {
    if (isSlug(named)) rememberOrganisation(named);
  }, [named]);
  const forget = () => {
    localStorage.removeItem(storageKey);
    setStored(null);
  };
  if (isSlug(named)) return { slug: named, remembered: false, forget };
  return isSlug(stored) ? { slug: stored, remembered: true, forget } : { slug: undefined, remembered: false, forget };
}
