// How terminals look and behave for this person: font, colours, copying, screen reader.
"use client";
import { ActionIcon, Group, Menu, Tooltip } from "@mantine/core";
import { IconCheck, IconMinus, IconPlus, IconSettings } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStore } from "../state/store.ts";
import { schemeNames } from "./schemes.ts";
import { changeTerminalSettings, stepFontSize, terminalSettings } from "./settings-store.ts";

export function TerminalSettingsMenu() {
  const { t } = useTranslation();
  const { fontSize, scheme, copyOnSelect, screenReader, predict } = useStore(terminalSettings);
  const schemeLabels = {
    auto: t("terminal.schemeAuto"),
    light: t("terminal.schemeLight"),
    dark: t("terminal.schemeDark"),
    solarizedLight: t("terminal.schemeSolarizedLight"),
    solarizedDark: t("terminal.schemeSolarizedDark"),
    contrast: t("terminal.schemeContrast"),
  };
  const check = (on: boolean) => (on ? <IconCheck size={14} /> : <span style={{ width: 14 }} />);
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={230}>
      <Menu.Target>
        <Tooltip label={t("terminal.settings")}>
          <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("terminal.settings")}>
            <IconSettings size={15} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("terminal.fontSize")}</Menu.Label>
        <Group gap={8} px={12} pb={6}>
          <ActionIcon variant="default" onClick={() => stepFontSize(-1)} aria-label={t("terminal.smaller")}>
            <IconMinus size={14} />
          </ActionIcon>
          <span className="tabular">{fontSize} px</span>
          <ActionIcon variant="default" onClick={() => stepFontSize(1)} aria-label={t("terminal.bigger")}>
            <IconPlus size={14} />
          </ActionIcon>
        </Group>
        <Menu.Label>{t("terminal.scheme")}</Menu.Label>
        {(["auto", ...schemeNames] as const).map((name) => (
          <Menu.Item key={name} leftSection={check(scheme === name)} onClick={() => changeTerminalSettings({ scheme: name })}>
            {schemeLabels[name]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={check(copyOnSelect)} onClick={() => changeTerminalSettings({ copyOnSelect: !copyOnSelect })}>
          {t("terminal.copyOnSelect")}
        </Menu.Item>
        <Menu.Item leftSection={check(predict)} onClick={() => changeTerminalSettings({ predict: !predict })}>
          {t("terminal.predict")}
        </Menu.Item>
        <Menu.Item leftSection={check(screenReader)} onClick={() => changeTerminalSettings({ screenReader: !screenReader })}>
          {t("terminal.screenReader")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
