// The console's frame: rail, top bar, page, and the dock of terminals that survives navigation.
"use client";
import { useDisclosure, useLocalStorage } from "@mantine/hooks";
import dynamic from "next/dynamic";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Dock } from "../terminal/dock.tsx";
import { AuditBanner } from "./audit-banner.tsx";
import { EmergencyBanner } from "./emergency-banner.tsx";
import classes from "./frame.module.css";
import { Palette } from "./palette.tsx";
import { Rail } from "./rail.tsx";
import { StorageBanner } from "./storage-banner.tsx";
import { TopBar } from "./top-bar.tsx";

const RailDrawer = dynamic(() => import("./rail-drawer.tsx").then(({ RailDrawer }) => RailDrawer), { ssr: false });

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const pathname = usePathname();
  const [narrow, setNarrow] = useLocalStorage({ key: "sallyport.rail-narrow", defaultValue: false });
  const [menuOpen, menu] = useDisclosure(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: arriving on a page closes the menu that led there
  useEffect(menu.close, [pathname]);
  return (
    <div className={classes.frame} data-narrow={narrow || undefined}>
      <a href="#content" className={classes.skip}>
        {t("app.skipToContent")}
      </a>
      <Rail narrow={narrow} onToggle={() => setNarrow(!narrow)} />
      {menuOpen && <RailDrawer opened onClose={menu.close} />}
      <div className={classes.column}>
        <TopBar onMenu={menu.open} />
        <EmergencyBanner />
        <AuditBanner />
        <StorageBanner />
        <main id="content" className={classes.main} tabIndex={-1}>
          {children}
        </main>
        <Dock />
      </div>
      <Palette />
    </div>
  );
}
