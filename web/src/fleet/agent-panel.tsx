// An agent in the side panel: overview, the assets behind it, what happened to it; rename, move, revoke.
"use client";
import { ActionIcon, Alert, Drawer, Group, Menu, Tabs } from "@mantine/core";
import { IconAlertTriangle, IconDots, IconFolderSymlink, IconForbid, IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AgentDetail } from "../api/types.ts";
import { AssetTiles } from "../assets/asset-tile.tsx";
import { SubjectActivity } from "../audit/subject-activity.tsx";
import { useMay } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { AgentOverview } from "./agent-overview.tsx";
import { MoveAgent, RenameAgent } from "./change-agent.tsx";
import { OnlineMark } from "./online-mark.tsx";
import { RevokeAgent } from "./revoke-agent.tsx";

export function AgentPanel({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const agent = useQuery(trpc.fleet.agent.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      title={agent.data === undefined ? t("fleet.agent") : <PanelTitle agent={agent.data} />}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {agent.data !== undefined ? (
        <AgentTabs agent={agent.data} />
      ) : agent.isError ? (
        <Failed error={agent.error} onRetry={() => void agent.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
    </Drawer>
  );
}

function PanelTitle({ agent }: { agent: AgentDetail }) {
  return (
    <Group gap="sm" fz={13}>
      <strong style={{ fontSize: 16 }}>{displayText(agent.name)}</strong>
      <OnlineMark state={agent.state} />
    </Group>
  );
}

const tabs = ["overview", "assets", "activity"] as const;

function AgentTabs({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation();
  const mayManage = useMay("fleet.manage");
  const mayAudit = useMay("audit.read");
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "overview";
  return (
    <>
      {agent.duplicate !== null && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={t("fleet.duplicate")} mb="md">
          {t("fleet.duplicateText", { addresses: displayText(agent.duplicate.addresses.join(", ")) })}
        </Alert>
      )}
      <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "overview" ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">{t("fleet.overview")}</Tabs.Tab>
          <Tabs.Tab value="assets">{t("fleet.assets")}</Tabs.Tab>
          {mayAudit && <Tabs.Tab value="activity">{t("fleet.activity")}</Tabs.Tab>}
          {mayManage && agent.state !== "revoked" && <AgentMenu agent={agent} />}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <AgentOverview agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="assets">
          <AssetTiles assets={agent.assets} />
        </Tabs.Panel>
        {mayAudit && (
          <Tabs.Panel value="activity">
            <SubjectActivity subjectId={agent.id} />
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}

function AgentMenu({ agent }: { agent: AgentDetail }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"rename" | "move" | "revoke" | null>(null);
  const close = () => setAsking(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" ml="auto" aria-label={t("action.actions")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setAsking("rename")}>
            {t("fleet.rename")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFolderSymlink size={16} />} onClick={() => setAsking("move")}>
            {t("fleet.move")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconForbid size={16} />} onClick={() => setAsking("revoke")}>
            {t("fleet.revoke")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking === "rename" && <RenameAgent agent={agent} onClose={close} />}
      {asking === "move" && <MoveAgent agent={agent} onClose={close} />}
      {asking === "revoke" && <RevokeAgent agent={agent} onClose={close} />}
    </>
  );
}
