// Rules: what holds up what grants allow. A tab for each kind; in it the rules in the order in which they are asked.
"use client";
import { Button, Drawer, Group, Tabs, Text } from "@mantine/core";
import type { RuleKind } from "@sallyport/hub/rules/input";
import { IconHelp, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { Allowed, useMay } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { AskRules } from "./ask-rules.tsx";
import { RuleForm } from "./rule-form.tsx";
import { RuleList } from "./rule-list.tsx";
import classes from "./rules.module.css";

export function RulesPage() {
  return (
    <Allowed permission="grants.read">
      <Rules />
    </Allowed>
  );
}

/** What most come for first. */
const kinds = ["command", "connection", "sign-in"] as const satisfies readonly RuleKind[];

function Rules() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("rules.manage");
  const [url, changeUrl] = useUrlState();
  const kind = oneOf(url.get("kind"), kinds) ?? "command";
  const rules = useQuery(trpc.rules.list.queryOptions());
  const ofKind = (one: RuleKind) => (rules.data?.items ?? []).filter((rule) => rule.kind === one);
  const open = rules.data?.items.find(({ id }) => id === url.get("id"));
  const adds = mayManage && url.has("add");
  const close = () => changeUrl({ id: null, add: null });
  const add = mayManage && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => changeUrl({ id: null, add: "rule" })}>
      {t(`newRule.${kind}`)}
    </Button>
  );
  const actions = mayManage && (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconHelp size={16} />}
        onClick={() => changeUrl({ id: null, add: null, ask: "yes" })}
      >
        {t("askRules.open")}
      </Button>
      {add}
    </Group>
  );
  const content = () => {
    if (rules.isError) return <Failed error={rules.error} onRetry={() => void rules.refetch()} />;
    if (rules.data === undefined) return <PanelSkeleton />;
    const listed = ofKind(kind);
    if (listed.length > 0)
      return (
        <RuleList rules={listed} names={rules.data.names} mayManage={mayManage} onChange={(id) => changeUrl({ id, add: null })} />
      );
    return (
      <Empty title={t(`noRules.${kind}`)} text={t(`noRulesText.${kind}`)}>
        {add}
      </Empty>
    );
  };
  return (
    <Page title={t("rules.title")} purpose={t("rules.purpose")} action={actions}>
      <Tabs
        value={kind}
        onChange={(value) => changeUrl({ kind: value === "command" ? null : value, id: null, add: null })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {kinds.map((one) => (
            <Tabs.Tab key={one} value={one} rightSection={<Count of={ofKind(one).length} />}>
              {t(`ruleKind.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {kinds.map((one) => (
          <Tabs.Panel key={one} value={one}>
            <Text size="sm" mb="sm" className={classes.prose}>
              {t(`ruleKindMeaning.${one}`)}
            </Text>
            {one === "command" && <Limits />}
            {one === "sign-in" && <WayBack />}
            {content()}
          </Tabs.Panel>
        ))}
      </Tabs>
      <Drawer
        opened={adds || (mayManage && open !== undefined)}
        onClose={close}
        size="lg"
        title={open === undefined ? t(`newRule.${kind}`) : displayText(open.name)}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {adds && <RuleForm key={kind} kind={kind} rule={null} names={{}} onDone={close} />}
        {mayManage && open !== undefined && (
          <RuleForm key={open.id} kind={open.kind} rule={open} names={rules.data?.names ?? {}} onDone={close} />
        )}
      </Drawer>
      <AskRules
        kind={kind}
        rules={ofKind(kind)}
        names={rules.data?.names ?? {}}
        opened={mayManage && url.has("ask")}
        onClose={() => changeUrl({ ask: null })}
      />
    </Page>
  );
}

function Count({ of }: { of: number }) {
  return of === 0 ? null : (
    <Text component="span" size="xs" c="dimmed" className="tabular">
      {of}
    </Text>
  );
}

/** What rules of commands are not. Whoever relies on them has to know. */
function Limits() {
  const { t } = useTranslation();
  return (
    <div className={classes.limits} role="note">
      <p>
        <b>{t("rules.limits")}</b> {t("rules.limitsText")}
      </p>
      <p>{t("rules.walls")}</p>
    </div>
  );
}

function WayBack() {
  const { t } = useTranslation();
  return (
    <div className={classes.limits} role="note">
      <p>
        {t("rules.wayBack")} <code className={classes.code}>npx sallyport sign-in-rules off</code>
      </p>
    </div>
  );
}
