// Settings: my account, my keys, how the console looks, and the facts of this hub.
"use client";
import { Group, SegmentedControl, Stack, Tabs, Text, Title, useMantineColorScheme } from "@mantine/core";
import { roleNames } from "@sallyport/hub/identity/input";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "../frame/me.tsx";
import { themeChoices, useChangeLanguage } from "../frame/top-bar.tsx";
import { currentLanguage, languageNames } from "../i18n/i18n.ts";
import { Channels } from "../notices/channels.tsx";
import { Deliveries } from "../notices/deliveries.tsx";
import { Subscriptions } from "../notices/subscriptions.tsx";
import { roleMeaning, roleTitle } from "../people/role-title.ts";
import { Interpreters } from "../scripts/interpreters.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Calendars } from "../tasks/calendars.tsx";
import { TargetSets } from "../tasks/target-sets.tsx";
import { BreakGlassRules } from "../tickets/break-glass-rules.tsx";
import { DatabaseNames } from "../tickets/database-names.tsx";
import { Flows } from "../tickets/flows.tsx";
import { Substitute } from "../tickets/substitute.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Page } from "../ui/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { AccessKeys } from "./access-keys.tsx";
import { ChangePassword } from "./change-password.tsx";
import { HubFacts } from "./hub-facts.tsx";
import { Organisations } from "./organisations.tsx";
import { Passkeys } from "./passkeys.tsx";
import { Providers } from "./providers.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { SignInRules } from "./sign-in-rules.tsx";
import { SignInSessions } from "./sign-in-sessions.tsx";
import { VaultPanel } from "./vault-panel.tsx";

const tabs = ["account", "keys", "automation", "sign-in", "requests", "notices", "organisations", "hub"] as const;

export function SettingsPage() {
  const { t } = useTranslation();
  const maySeeHub = useMay("settings.manage");
  const mayRun = useMay("run.start");
  const mayManageTickets = useMay("tickets.manage");
  const mayNameAccounts = useMay("accounts.manage");
  const isSystemAdmin = useMe().systemAdmin;
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "account";
  return (
    <Page title={t("settings.title")} purpose={t("settings.purpose")}>
      <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "account" ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="account">{t("settings.account")}</Tabs.Tab>
          <Tabs.Tab value="keys">{t("settings.keys")}</Tabs.Tab>
          {mayRun && <Tabs.Tab value="automation">{t("settings.automation")}</Tabs.Tab>}
          {maySeeHub && <Tabs.Tab value="sign-in">{t("signInRules.title")}</Tabs.Tab>}
          {mayManageTickets && <Tabs.Tab value="requests">{t("flows.tab")}</Tabs.Tab>}
          {maySeeHub && <Tabs.Tab value="notices">{t("channels.title")}</Tabs.Tab>}
          {isSystemAdmin && <Tabs.Tab value="organisations">{t("organisations.title")}</Tabs.Tab>}
          {maySeeHub && <Tabs.Tab value="hub">{t("settings.hub")}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="account">
          <Stack gap="md" maw={720}>
            <Account />
            <Appearance />
            <Subscriptions />
            <Substitute />
            <ChangePassword />
            <SecondFactor />
            <Passkeys />
            <SignInSessions />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="keys">
          <AccessKeys />
        </Tabs.Panel>
        {mayRun && (
          <Tabs.Panel value="automation">
            <Stack gap="md" maw={960}>
              <Calendars />
              <TargetSets />
              <Interpreters />
            </Stack>
          </Tabs.Panel>
        )}
        {maySeeHub && (
          <Tabs.Panel value="sign-in">
            <Stack maw={720}>
              <SignInRules />
              <Providers />
            </Stack>
          </Tabs.Panel>
        )}
        {mayManageTickets && (
          <Tabs.Panel value="requests">
            <Stack gap="md" maw={720}>
              <Flows />
              {maySeeHub && <BreakGlassRules />}
              {mayNameAccounts && <DatabaseNames />}
            </Stack>
          </Tabs.Panel>
        )}
        {maySeeHub && (
          <Tabs.Panel value="notices">
            <Stack gap="md">
              <Channels />
              <section aria-label={t("deliveries.title")}>
                <Title order={2} size="h4" mb="xs">
                  {t("deliveries.title")}
                </Title>
                <Deliveries />
              </section>
            </Stack>
          </Tabs.Panel>
        )}
        {isSystemAdmin && (
          <Tabs.Panel value="organisations">
            <Organisations />
          </Tabs.Panel>
        )}
        {maySeeHub && (
          <Tabs.Panel value="hub">
            <Stack gap="md">
              <HubFacts />
              <VaultPanel />
            </Stack>
          </Tabs.Panel>
        )}
      </Tabs>
    </Page>
  );
}

function Account() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <Panel>
      <Facts
        items={[
          [t("field.name"), displayText(me.name)],
          [t("field.email"), displayText(me.email)],
          [
            t("field.role"),
            oneOf(me.role, roleNames) === undefined
              ? roleTitle(me, t)
              : `${roleTitle(me, t)}. ${roleMeaning({ id: me.role, description: "" }, t)}`,
          ],
        ]}
      />
    </Panel>
  );
}

function Appearance() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const changeLanguage = useChangeLanguage();
  return (
    <Panel title={t("settings.appearance")}>
      <Group gap="xl">
        <Stack gap={4}>
          <Text size="xs" c="dimmed">
            {t("top.language")}
          </Text>
          <SegmentedControl
            size="xs"
            aria-label={t("top.language")}
            value={currentLanguage()}
            onChange={(value) => changeLanguage(value === "zh" ? "zh" : "en")}
            data={[
              { value: "en", label: languageNames.en },
              { value: "zh", label: languageNames.zh },
            ]}
          />
        </Stack>
        <Stack gap={4}>
          <Text size="xs" c="dimmed">
            {t("top.theme")}
          </Text>
          <SegmentedControl
            size="xs"
            aria-label={t("top.theme")}
            value={colorScheme}
            onChange={(value) => setColorScheme(oneOf(value, themeChoices) ?? "auto")}
            data={themeChoices.map((value) => ({ value, label: t(`theme.${value}`) }))}
          />
        </Stack>
      </Group>
    </Panel>
  );
}
