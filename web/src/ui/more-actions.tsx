// The menu at the end of a page's buttons: what is done more seldom.
"use client";
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function MoreActions({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t("action.actions")}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

/** The longest name the hub takes. */
const nameMax = 100;

/** What a copy is called at first. */
export function useCopyName(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => t("scripts.copyOf", { name }).slice(0, nameMax);
}
