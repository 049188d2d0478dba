// One script: what it says now, what it asks for, how it came to be, and what was run with it.
"use client";
import { Group, Skeleton, Stack, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { ScriptDetail } from "../api/types.ts";
import { RunsOf } from "../runs/runs-of.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { CopyIcon, ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Failed, Missing } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { CodeView } from "./lazy-code.tsx";
import { ParameterTable } from "./parameter-table.tsx";
import { ScriptActions } from "./script-actions.tsx";
import { ScriptVersions } from "./script-versions.tsx";
import classes from "./scripts.module.css";
import { VisibilityMark } from "./scripts-page.tsx";

const tabs = ["script", "versions", "runs"] as const;

export function ScriptPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const script = useQuery(trpc.scripts.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  if (id === null) return <Missing />;
  if (script.data !== undefined) return <ScriptOf key={id} script={script.data} />;
  if (script.isError) return <Failed error={script.error} onRetry={() => void script.refetch()} />;
  return (
    <Stack p="xl" aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="60vh" />
    </Stack>
  );
}

function ScriptOf({ script }: { script: ScriptDetail }) {
  const { t } = useTranslation();
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "script";
  return (
    <Page
      title={displayText(script.name)}
      purpose={
        <Group gap="sm">
          <VisibilityMark {...script} />
          <span>{displayText(script.description, 400)}</span>
        </Group>
      }
      action={<ScriptActions script={script} />}
    >
      <Tabs
        value={tab}
        onChange={(value) => changeUrl({ tab: value === "script" ? null : value, from: null, to: null })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="script">{t("scripts.script")}</Tabs.Tab>
          <Tabs.Tab value="versions">{t("scripts.versions", { count: script.latest })}</Tabs.Tab>
          <Tabs.Tab value="runs">{t("runs.title")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="script">
          <Newest script={script} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <ScriptVersions script={script} />
        </Tabs.Panel>
        <Tabs.Panel value="runs">
          <RunsOf scriptId={script.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Newest({ script }: { script: ScriptDetail }) {
  const { t } = useTranslation();
  const { version } = script;
  return (
    <div className={classes.columns}>
      <div className={classes.side}>
        <Panel title={t("scripts.versionN", { n: version.number })} action={<CopyIcon text={version.body} />} flush>
          <div className={classes.editor}>
            <CodeView text={version.body} interpreter={version.interpreter} label={t("scripts.text")} />
          </div>
        </Panel>
        <ParameterTable parameters={version.parameters} />
      </div>
      <Panel title={t("run.details")}>
        <Facts
          items={[
            ["ID", <ShortId key="id" id={script.id} />],
            [
              t("newRun.interpreter"),
              <span key="interpreter" className="mono">
                {displayText(version.interpreter)}
              </span>,
            ],
            [t("scripts.owner"), displayText(script.owner.name)],
            [t("runs.created"), <Moment key="created" at={script.createdAt} />],
            [t("scripts.changed"), <Moment key="changed" at={script.updatedAt} />],
            [t("scripts.note"), displayText(version.note, 500) || "–"],
            [
              t("run.hash"),
              <span key="hash" className="mono">
                {version.hash}
              </span>,
            ],
          ]}
        />
      </Panel>
    </div>
  );
}
