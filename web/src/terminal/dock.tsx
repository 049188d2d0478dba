// The dock at the window's foot. Mounted once around all pages; its body is fetched with the first terminal.
"use client";
import dynamic from "next/dynamic";
import { useEffect } from "react";
import { useStore } from "../state/store.ts";
import { dock } from "./dock-store.ts";

const DockPanel = dynamic(() => import("./dock-panel.tsx").then(({ DockPanel }) => DockPanel), { ssr: false });

export function Dock() {
  const { tabs } = useStore(dock.state);
  useEffect(() => dock.restore(), []);
  return tabs.length === 0 ? null : <DockPanel />;
}
