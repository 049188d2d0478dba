// The command palette's key, and the palette itself once it is first wanted.
"use client";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { useStore } from "../state/store.ts";
import { paletteOpen } from "./palette-store.ts";

const PaletteDialog = dynamic(() => import("./palette-dialog.tsx").then(({ PaletteDialog }) => PaletteDialog), { ssr: false });

export function Palette() {
  const opened = useStore(paletteOpen);
  const [wanted, setWanted] = useState(false);
  if (opened && !wanted) setWanted(true);
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      // Ctrl-K in a shell cuts to the end of the line; there, Shift or ⌘ is needed to reach the palette.
      const inTerminal = event.target instanceof Element && event.target.closest(".xterm") !== null;
      if (inTerminal && !event.shiftKey && !event.metaKey) return;
      event.preventDefault();
      paletteOpen.set(!paletteOpen.get());
    };
    addEventListener("keydown", open, { capture: true });
    return () => removeEventListener("keydown", open, { capture: true });
  }, []);
  return wanted ? <PaletteDialog /> : null;
}
