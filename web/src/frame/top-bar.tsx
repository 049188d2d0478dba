// The top bar: whose organisation, search or command, what is running, language, theme, me.
"use client";
import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconActivity,
  IconDeviceDesktop,
  IconLanguage,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconPlayerPlay,
  IconSearch,
  IconSun,
  IconTerminal2,
  IconUserCog,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { currentLanguage, type Language, languageNames, switchLanguage } from "../i18n/i18n.ts";
import { NoticeBell } from "../notices/notice-bell.tsx";
import { roleTitle } from "../people/role-title.ts";
import { useStore } from "../state/store.ts";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import classes from "./frame.module.css";
import { useMe } from "./me.tsx";
import { OrganisationItems, OrganisationMenu } from "./organisations.tsx";
import { paletteOpen } from "./palette-store.ts";

export function TopBar({ onMenu }: { onMenu: () => void }) {
  const { t } = useTranslation();
  return (
    <header className={classes.topBar}>
      <ActionIcon
        className={classes.onlyNarrow}
        variant="subtle"
        color="gray"
        size="lg"
        onClick={onMenu}
        aria-label={t("nav.open")}
      >
        <IconMenu2 size={18} />
      </ActionIcon>
      <OrganisationMenu />
      <button type="button" className={classes.search} onClick={() => paletteOpen.set(true)}>
        <IconSearch size={15} aria-hidden />
        <span className="truncate">{t("top.search")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <RunningMenu />
      <NoticeBell />
      <LanguageMenu />
      <ThemeMenu />
      <MeMenu />
    </header>
  );
}

function RunningMenu() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { tabs } = useStore(dock.state);
  const { data } = useQuery(trpc.home.summary.queryOptions());
  const runs = data?.running ?? [];
  const count = tabs.length + runs.length;
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Tooltip label={t("top.running")}>
          <ActionIcon className={classes.counted} variant="subtle" color="gray" size="lg" aria-label={t("top.running")}>
            <IconActivity size={18} />
            {count > 0 && <span className={classes.count} data-text={count} />}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {count === 0 && <Menu.Label>{t("top.nothingRunning")}</Menu.Label>}
        {tabs.length > 0 && <Menu.Label>{t("top.openTerminals")}</Menu.Label>}
        {tabs.map((tab) => (
          <Menu.Item key={tab.key} leftSection={<IconTerminal2 size={16} />} onClick={() => dock.show(tab.key)}>
            {displayText(tab.name, 60)}
          </Menu.Item>
        ))}
        {runs.length > 0 && <Menu.Label>{t("top.activeRuns")}</Menu.Label>}
        {runs.map((run) => (
          <Menu.Item key={run.id} leftSection={<IconPlayerPlay size={16} />} component={Link} href={`/run?id=${run.id}`}>
            {displayText(run.title, 60) || t("runs.untitled")} ·{" "}
            {t("runs.progressText", { done: run.counts.total - run.counts.queued - run.counts.running, total: run.counts.total })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageMenu() {
  const { t } = useTranslation();
  const change = useChangeLanguage();
  const choices: Language[] = ["en", "zh"];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t("top.language")}>
          <ActionIcon className={classes.onlyWide} variant="subtle" color="gray" size="lg" aria-label={t("top.language")}>
            <IconLanguage size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            fw={language === currentLanguage() ? 600 : 400}
            onClick={() => change(language)}
          >
            {languageNames[language]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Switches at once and remembers it with the account, so that the next browser knows. */
export function useChangeLanguage(): (language: Language) => void {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const save = useMutation(
    trpc.auth.setLanguage.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  return (language) => {
    void switchLanguage(language);
    save.mutate({ language });
  };
}

const themeIcons = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop };
export const themeChoices = ["light", "dark", "auto"] as const;

export function ThemeMenu() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = themeIcons[colorScheme];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t("top.theme")}>
          <ActionIcon className={classes.onlyWide} variant="subtle" color="gray" size="lg" aria-label={t("top.theme")}>
            <Current size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {themeChoices.map((choice) => {
          const Icon = themeIcons[choice];
          return (
            <Menu.Item
              key={choice}
              leftSection={<Icon size={16} />}
              fw={choice === colorScheme ? 600 : 400}
              onClick={() => setColorScheme(choice)}
            >
              {t(`theme.${choice}`)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function MeMenu() {
  const { t } = useTranslation();
  const me = useMe();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const signOut = useMutation(
    trpc.auth.signOut.mutationOptions({
      onSuccess: () => {
        dock.leaveAll();
        queries.clear();
        location.assign("/sign-in");
      },
    }),
  );
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" radius="xl" aria-label={t("top.me")}>
          <span className={classes.avatar} data-text={initials(me.name)} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {displayText(me.name)} · {roleTitle(me, t)}
          <br />
          {displayText(me.email)}
        </Menu.Label>
        <Menu.Divider />
        <OrganisationItems />
        <Menu.Item leftSection={<IconUserCog size={16} />} component={Link} href="/settings">
          {t("top.myAccount")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
          {t("top.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = displayText(name).trim().split(/\s+/);
  return [words.at(0), words.length > 1 ? words.at(-1) : undefined].map((word) => Array.from(word ?? "")[0] ?? "").join("");
}
