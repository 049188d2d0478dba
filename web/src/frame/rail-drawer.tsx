// The rail on a narrow window: slides in over the page.
"use client";
import { Drawer } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Rail } from "./rail.tsx";

export function RailDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="left" size={248} padding={0}>
      <Drawer.Overlay />
      <Drawer.Content aria-label={t("nav.main")}>
        <Rail narrow={false} inDrawer onToggle={onClose} />
      </Drawer.Content>
    </Drawer.Root>
  );
}
