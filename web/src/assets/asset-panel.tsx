// An asset in the side panel: what it is, the accounts on it, what happened to it.
"use client";
import { Alert, Button, Drawer, Group, Stack, Switch, Tabs, Text } from "@mantine/core";
import { sqlProtocols } from "@sallyport/hub/assets/input";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { SubjectActivity } from "../audit/subject-activity.tsx";
import { OnlineMark } from "../fleet/online-mark.tsx";
import { useMay } from "../frame/me.tsx";
import { PersonSelect } from "../people/person-select.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { Accounts } from "./accounts.tsx";
import { AssetActions } from "./asset-actions.tsx";
import { CertificateCheck } from "./certificate-check.tsx";
import { HostKeys } from "./host-keys.tsx";
import { TestAsset } from "./test-asset.tsx";

type AssetDetail = Outputs["assets"]["get"];

export function AssetPanel({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const asset = useQuery(trpc.assets.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      title={asset.data === undefined ? t("reach.asset") : <PanelTitle asset={asset.data} />}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {asset.data !== undefined ? (
        <AssetTabs asset={asset.data} onGone={onClose} />
      ) : asset.isError ? (
        <Failed error={asset.error} onRetry={() => void asset.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
    </Drawer>
  );
}

function PanelTitle({ asset }: { asset: AssetDetail }) {
  return (
    <Group gap="sm" fz={13}>
      <strong style={{ fontSize: 16 }}>{displayText(asset.name)}</strong>
      <OnlineMark state={asset.online ? "online" : "offline"} />
    </Group>
  );
}

const tabs = ["overview", "accounts", "host-keys", "activity"] as const;

function AssetTabs({ asset, onGone }: { asset: AssetDetail; onGone: () => void }) {
  const { t } = useTranslation();
  const mayAudit = useMay("audit.read");
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "overview";
  return (
    <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "overview" ? null : value })} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="overview">{t("fleet.overview")}</Tabs.Tab>
        {asset.agentId === null && <Tabs.Tab value="accounts">{t("assets.accounts")}</Tabs.Tab>}
        {asset.agentId === null && <Tabs.Tab value="host-keys">{t("hostKeys.title")}</Tabs.Tab>}
        {mayAudit && <Tabs.Tab value="activity">{t("fleet.activity")}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Overview asset={asset} onGone={onGone} />
      </Tabs.Panel>
      <Tabs.Panel value="accounts">
        <Accounts assetId={asset.id} />
      </Tabs.Panel>
      <Tabs.Panel value="host-keys">
        <HostKeys assetId={asset.id} />
      </Tabs.Panel>
      <Tabs.Panel value="activity">
        <SubjectActivity subjectId={asset.id} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Overview({ asset, onGone }: { asset: AssetDetail; onGone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("assets.manage");
  const [asking, setAsking] = useState(false);
  const name = displayText(asset.name);
  const change = useMutation(trpc.assets.change.mutationOptions());
  const remove = useMutation(
    trpc.assets.remove.mutationOptions({
      onSuccess: () => {
        showToast("done", t("assets.removed", { name }));
        onGone();
      },
    }),
  );
  return (
    <Stack gap="md">
      {asset.legacyAlgorithms && (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />}>
          {t("assets.legacyOn")}
        </Alert>
      )}
      <AssetActions asset={asset} />
      {mayManage && <TestAsset assetId={asset.id} />}
      <Facts
        items={[
          [t("assets.platform"), t(`platform.${asset.platform}`)],
          [
            t("reach.address"),
            <span key="address" className="mono">
              {displayText(asset.address)}
            </span>,
          ],
          [t("reach.zone"), displayText(asset.zone.name)],
          [t("assets.protocols"), asset.protocols.map((one) => `${one.name}:${one.port}`).join(", ") || "–"],
          [t("assets.nodes"), asset.nodes.map(({ path }) => displayText(path)).join(", ") || "–"],
          [t("assets.labels"), asset.labels.map((label) => displayText(label)).join(", ") || "–"],
          [t("people.comment"), displayText(asset.comment, 500) || "–"],
        ]}
      />
      {asset.protocols.some(({ name }) => sqlProtocols.some((one) => one === name)) && <CertificateCheck asset={asset} />}
      {mayManage && (
        <Switch
          label={t("assets.critical")}
          description={t("assets.criticalHint")}
          checked={asset.critical}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ id: asset.id, critical: event.currentTarget.checked })}
        />
      )}
      {mayManage && asset.critical && (
        <Switch
          label={t("assets.signedApprovals")}
          description={t("assets.signedApprovalsHint")}
          checked={asset.signedApprovals}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ id: asset.id, signedApprovals: event.currentTarget.checked })}
        />
      )}
      {mayManage && (
        <PersonSelect
          label={t("assets.owner")}
          hint={t("assets.ownerHint")}
          chosen={asset.ownerId}
          disabled={change.isPending}
          onChange={(ownerId) => change.mutate({ id: asset.id, ownerId })}
        />
      )}
      {mayManage && (
        <Group gap="xs">
          <Button
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate({ id: asset.id, active: !asset.active })}
          >
            {asset.active ? t("assets.switchOff") : t("assets.switchOn")}
          </Button>
          {asset.agentId === null && (
            <>
              <Button
                variant="default"
                loading={change.isPending}
                onClick={() => change.mutate({ id: asset.id, legacyAlgorithms: !asset.legacyAlgorithms })}
              >
                {asset.legacyAlgorithms ? t("assets.legacyForbid") : t("assets.legacyAllow")}
              </Button>
              <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
                {t("action.delete")}
              </Button>
            </>
          )}
        </Group>
      )}
      <Confirm
        opened={asking}
        title={t("assets.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ ids: [asset.id] })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("assets.removeText")}</Text>
      </Confirm>
    </Stack>
  );
}
