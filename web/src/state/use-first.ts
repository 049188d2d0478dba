// The first value that came, kept: what somebody is writing must not change, or go, when others change what it began from.
"use client";
import { useState } from "react";

/** @param value undefined until it is there. */
export function useFirst<T>(value: T | undefined): T | undefined {
  const [first, setFirst] = useState(value);
  if (first === undefined && value !== undefined) setFirst(value);
  return first ?? value;
}
