// The command palette as it opens: part of an asset's name and Enter opens a terminal. Also pages, ids, theme, language.
"use client";
import { Modal, ScrollArea, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconHandStop,
  IconLanguage,
  IconLayoutBottombar,
  IconPlayerPlay,
  IconPlus,
  IconSunMoon,
  IconTerminal2,
  type TablerIcon,
} from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { offerText, sqlTerminalOf, terminalAccounts } from "../assets/asset-actions.tsx";
import { currentLanguage, languageNames } from "../i18n/i18n.ts";
import { useStore } from "../state/store.ts";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import { useMe } from "./me.tsx";
import { places } from "./navigation.ts";
import classes from "./palette.module.css";
import { paletteOpen } from "./palette-store.ts";
import { themeChoices, useChangeLanguage } from "./top-bar.tsx";

interface Command {
  key: string;
  group: string;
  icon: TablerIcon;
  label: string;
  detail?: string;
  run: () => void;
}

export function PaletteDialog() {
  const { t } = useTranslation();
  const opened = useStore(paletteOpen);
  return (
    <Modal.Root opened={opened} onClose={() => paletteOpen.set(false)} centered={false} yOffset="12vh" size={600} padding={0}>
      <Modal.Overlay />
      <Modal.Content aria-label={t("palette.title")}>
        <Modal.Body>
          <PaletteBody />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function PaletteBody() {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const commands = useCommands(text.trim());
  const at = Math.min(chosen, commands.length - 1);

  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    paletteOpen.set(false);
    command.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) run(commands[at]);
    else if (event.key === "ArrowDown") setChosen((at + 1) % Math.max(1, commands.length));
    else if (event.key === "ArrowUp") setChosen((at - 1 + commands.length) % Math.max(1, commands.length));
    else return;
    event.preventDefault();
  };

  return (
    <>
      <input
        className={classes.input}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.title")}
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={commands.length > 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <ScrollArea.Autosize mah="50vh" viewportProps={{ tabIndex: 0 }}>
        <div id={listId} role="listbox" aria-label={t("palette.title")} className={classes.list}>
          {commands.map((command, index) => {
            const Icon = command.icon;
            return (
              <div key={command.key}>
                {commands[index - 1]?.group !== command.group && <div className={classes.group}>{command.group}</div>}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard works from the field above, as comboboxes do */}
                {/* biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field; aria-activedescendant points here */}
                <div
                  id={`${listId}-${index}`}
                  role="option"
                  aria-selected={index === at}
                  className={classes.option}
                  onClick={() => run(command)}
                  onMouseMove={() => setChosen(index)}
                  ref={index === at ? (row) => row?.scrollIntoView({ block: "nearest" }) : undefined}
                >
                  <Icon size={17} stroke={1.7} aria-hidden />
                  <span className="truncate">{command.label}</span>
                  {command.detail !== undefined && <span className={`${classes.detail} truncate`}>{command.detail}</span>}
                </div>
              </div>
            );
          })}
          {commands.length === 0 && <p className={classes.nothing}>{t("palette.nothing")}</p>}
        </div>
      </ScrollArea.Autosize>
      <div className={classes.hint}>{t("palette.hint")}</div>
    </>
  );
}

/** Of one asset: who has more to choose from types the asset's page. */
const accountsShown = 5;

function useCommands(text: string): Command[] {
  const { t } = useTranslation();
  const router = useRouter();
  const me = useMe();
  const { setColorScheme } = useMantineColorScheme();
  const changeLanguage = useChangeLanguage();
  const assets = useMatchingAssets(text);

  const opened: Command[] = assets.flatMap((asset) => {
    const where = asset.online ? displayText(asset.zone.name) : t("state.offline");
    const accounts = terminalAccounts(asset);
    return accounts.slice(0, accountsShown).map((account) => ({
      key: `${asset.id} ${account.id}`,
      group: t("palette.terminals"),
      icon: IconTerminal2,
      label: displayText(asset.name),
      detail: accounts.length === 1 ? where : `${offerText(account, t)} · ${where}`,
      run: () => dock.open(asset.id, asset.name, account.id, sqlTerminalOf(asset)),
    }));
  });

  const byId: Command[] = [];
  if (/^ses_\w+$/.test(text)) {
    const label = t("palette.openSession", { id: text });
    byId.push({
      key: text,
      group: t("palette.pages"),
      icon: IconTerminal2,
      label,
      run: () => router.push(`/session?id=${text}`),
    });
  }
  if (/^run_\w+$/.test(text)) {
    const label = t("palette.openRun", { id: text });
    byId.push({ key: text, group: t("palette.pages"), icon: IconPlayerPlay, label, run: () => router.push(`/run?id=${text}`) });
  }

  const pages: Command[] = places
    .filter(({ needs }) => needs === null || me.permissions.includes(needs))
    .map(({ name, href, icon }) => ({
      key: href,
      group: t("palette.pages"),
      icon,
      label: t(`nav.${name}`),
      run: () => router.push(href),
    }));

  const group = t("palette.commands");
  const otherLanguage = currentLanguage() === "en" ? "zh" : "en";
  const commands: Command[] = [
    { key: "run", group, icon: IconPlayerPlay, label: t("palette.newRun"), run: () => router.push("/runs/new") },
    ...(me.permissions.includes("enrol")
      ? [{ key: "enrol", group, icon: IconPlus, label: t("palette.addAgent"), run: () => router.push("/fleet?add=agent") }]
      : []),
    ...(me.permissions.includes("tickets.open")
      ? [{ key: "ask", group, icon: IconHandStop, label: t("tickets.ask"), run: () => router.push("/tickets/new") }]
      : []),
    { key: "dock", group, icon: IconLayoutBottombar, label: t("palette.toggleDock"), run: () => dock.toggle() },
    ...themeChoices.map((theme) => ({
      key: theme,
      group,
      icon: IconSunMoon,
      label: t("palette.themeTo", { theme: t(`theme.${theme}`) }),
      run: () => setColorScheme(theme),
    })),
    {
      key: "language",
      group,
      icon: IconLanguage,
      label: t("palette.languageTo", { language: languageNames[otherLanguage] }),
      run: () => changeLanguage(otherLanguage),
    },
  ];

  const words = text.toLowerCase();
  const matches = ({ label }: Command) => label.toLowerCase().includes(words);
  return [...opened, ...byId, ...pages.filter(matches), ...commands.filter(matches)];
}

function useMatchingAssets(text: string) {
  const trpc = useTRPC();
  // Long enough to skip the letters in between, short enough that Enter right after the last letter finds its asset.
  const [search] = useDebouncedValue(text, 90);
  const { data } = useQuery(trpc.assets.list.queryOptions({ search, limit: 8 }, { placeholderData: keepPreviousData }));
  const words = text.toLowerCase();
  return (data?.items ?? []).filter(({ name, may }) => may.connect && name.toLowerCase().includes(words));
}
