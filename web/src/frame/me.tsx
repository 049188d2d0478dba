// Who is signed in and what they may do. Only convenience: the hub decides each request by itself.
"use client";
import { createContext, type ReactNode, useContext } from "react";
import type { Me, Permission } from "../api/types.ts";
import { Denied } from "../ui/page-states.tsx";

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("useMe outside of the signed-in part of the console");
  return me;
}

export function useMay(permission: Permission): boolean {
  return useMe().permissions.includes(permission);
}

export function Allowed({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay(permission) ? children : <Denied permission={permission} />;
}
