// Account templates: written once, made on many assets, with a line for each asset about how it went.
"use client";
import { ActionIcon, Badge, Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AccountTemplate, Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { AssetPicker } from "./asset-picker.tsx";
import { AddTemplate, EditTemplate } from "./template-form.tsx";

export function Templates({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("templates.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <TemplateList />
    </Drawer>
  );
}

function TemplateList() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("accounts.manage");
  const [adding, setAdding] = useState(false);
  const templates = useQuery(trpc.templates.list.queryOptions());
  if (templates.isError) return <Failed error={templates.error} onRetry={() => void templates.refetch()} />;
  if (templates.data === undefined) return <PanelSkeleton />;
  const { items } = templates.data;
  const add = mayManage && !adding && (
    <Button variant="light" onClick={() => setAdding(true)} style={{ alignSelf: "flex-start" }}>
      {t("templates.add")}
    </Button>
  );
  return (
    <Stack gap="md">
      {items.length === 0 && !adding ? (
        <Empty title={t("templates.empty")} text={t("templates.text")}>
          {add}
        </Empty>
      ) : (
        add
      )}
      {adding && <AddTemplate onDone={() => setAdding(false)} />}
      {items.map((template) => (
        <TemplateLine key={template.id} template={template} mayManage={mayManage} />
      ))}
    </Stack>
  );
}

function TemplateLine({ template, mayManage }: { template: AccountTemplate; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [asking, setAsking] = useState(false);
  const [open, setOpen] = useState<"edit" | "apply" | null>(null);
  const toggle = (what: "edit" | "apply") => setOpen(open === what ? null : what);
  const name = displayText(template.name);
  const remove = useMutation(
    trpc.templates.remove.mutationOptions({ onSuccess: () => showToast("done", t("templates.removed", { name })) }),
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="xs">
          <b>{name}</b>
          <span className="mono">{displayText(template.username, 60)}</span>
          <Badge variant="light" color="gray">
            {t(`secretKind.${template.secret}`)}
          </Badge>
          {template.privileged && <Badge variant="light">{t("accounts.privileged")}</Badge>}
          {template.push && <Badge variant="light">{t("templates.pushes")}</Badge>}
        </Group>
        {mayManage && (
          <Group gap="xs" wrap="nowrap">
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={open === "edit"}
              aria-label={t("templates.editTitle", { name })}
              onClick={() => toggle("edit")}
            >
              {t("templates.edit")}
            </Button>
            <Button size="compact-sm" variant="default" aria-expanded={open === "apply"} onClick={() => toggle("apply")}>
              {t("templates.apply")}
            </Button>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t("templates.removeTitle", { name })}
              onClick={() => setAsking(true)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      {template.rotateEveryDays !== null && (
        <Text size="xs" c="dimmed">
          {t("custody.every", { count: template.rotateEveryDays })}
        </Text>
      )}
      {open === "edit" && <EditTemplate template={template} onDone={() => setOpen(null)} />}
      {open === "apply" && <ApplyTemplate template={template} />}
      <Confirm
        opened={asking}
        title={t("templates.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: template.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("templates.removeText")}</Text>
      </Confirm>
    </Stack>
  );
}

type Line = Outputs["templates"]["applyTo"]["items"][number];

function ApplyTemplate({ template }: { template: AccountTemplate }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const apply = useMutation(trpc.templates.applyTo.mutationOptions());
  return (
    <Stack gap="xs">
      <AssetPicker
        chosen={chosen}
        onChange={setChosen}
        action={null}
        everything
        label={t("grants.kind.asset")}
        hint={t("grants.assetsHint")}
      />
      <Button
        disabled={chosen.length === 0}
        loading={apply.isPending}
        onClick={() => apply.mutate({ id: template.id, assetIds: [...chosen] })}
        style={{ alignSelf: "flex-start" }}
      >
        {t("templates.applyTo", { count: chosen.length })}
      </Button>
      {apply.data?.items.map((line) => (
        <ReportLine key={line.assetId} line={line} />
      ))}
    </Stack>
  );
}

function ReportLine({ line: { assetId, code } }: { line: Line }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const asset = useQuery(trpc.assets.get.queryOptions({ id: assetId }));
  const color = code === "created" ? "green" : code === "exists" ? "dimmed" : "red";
  return (
    <Text size="sm" c={color} role="status">
      {t("templates.line", { asset: displayText(asset.data?.name ?? assetId), outcome: t(`applied.${code}`) })}
    </Text>
  );
}
